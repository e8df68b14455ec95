#include "live_lines.h"

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

static void put_cut(FILE *file, const char *text, unsigned columns) {
    fprintf(file, "%.*s", (int)cut_to_columns(text, columns - 1), text);
}

/* The cursor goes to the first column: what the terminal echoes (^C) at the end of a full line
 * would move it to the next one. */
void live_lines_draw(struct live_lines *lines, const struct strv *texts) {
    struct terminal_size size = terminal_size_of(fileno(lines->file));
    size_t room = size.rows > 2 ? size.rows - 1 : 1;
    live_lines_clear(lines);
    fputs(TERMINAL_WRAP_OFF, lines->file);
    for (size_t i = 0; i < texts->count && i < room; i++) {
        fputs(i ? "\n\r" : "", lines->file);
        if (i + 1 == room && texts->count > room)
            fprintf(lines->file, "… and %zu more", texts->count - i);
        else
            put_cut(lines->file, texts->items[i], size.columns);
        lines->drawn++;
    }
    fputs("\r" TERMINAL_WRAP_ON, lines->file);
    fflush(lines->file);
}

void live_lines_draw_one(FILE *file, const char *text) {
    fputs("\r\033[K" TERMINAL_WRAP_OFF, file);
    put_cut(file, text, terminal_size_of(fileno(file)).columns);
    fputs("\r" TERMINAL_WRAP_ON, file);
    fflush(file);
}
