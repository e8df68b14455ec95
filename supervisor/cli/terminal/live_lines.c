#include "live_lines.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "cli/terminal/terminal.h"

void live_lines_clear(struct live_lines *lines) {
    if (lines->drawn > 1)
        fprintf(lines->file, "\033[%uA", lines->drawn - 1);
    if (lines->drawn)
        fputs("\r\033[J", lines->file);
    lines->drawn = 0;
}

/* The bytes of the first characters of a text, a column each. */
static size_t cut_to_columns(const char *text, size_t columns) {
    size_t length = 0;
    for (; text[length] && columns > 0; columns--)
        do
            length++;
        while (((unsigned char)text[length] & 0xC0) == 0x80);
    return length;
}

static void put_cut(struct buffer *screen, const char *text, unsigned columns) {
    buffer_append(screen, text, cut_to_columns(text, columns - 1));
}

/* In one piece: who is killed in the middle leaves no terminal that does not wrap. */
static void show_screen(FILE *file, const struct buffer *screen) {
    fwrite(screen->data, 1, screen->length, file);
    fflush(file);
}

/* The cursor goes to the first column: what the terminal echoes (^C) at the end of a full line
 * would move it to the next one. */
void live_lines_draw(struct live_lines *lines, const struct strv *texts) {
    scoped(buffer_done) struct buffer screen = {0};
    struct terminal_size size = terminal_size_of(fileno(lines->file));
    size_t room = size.rows > 2 ? size.rows - 1 : 1;
    live_lines_clear(lines);
    buffer_puts(&screen, TERMINAL_WRAP_OFF);
    for (size_t i = 0; i < texts->count && i < room; i++) {
        buffer_puts(&screen, i ? "\n\r" : "");
        if (i + 1 == room && texts->count > room)
            buffer_printf(&screen, "… and %zu more", texts->count - i);
        else
            put_cut(&screen, texts->items[i], size.columns);
        lines->drawn++;
    }
    buffer_puts(&screen, "\r" TERMINAL_WRAP_ON);
    show_screen(lines->file, &screen);
}

void live_lines_draw_one(FILE *file, const char *text) {
    scoped(buffer_done) struct buffer screen = {0};
    buffer_puts(&screen, "\r\033[K" TERMINAL_WRAP_OFF);
    put_cut(&screen, text, terminal_size_of(fileno(file)).columns);
    buffer_puts(&screen, "\r" TERMINAL_WRAP_ON);
    show_screen(file, &screen);
}
