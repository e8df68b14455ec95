#include "live_lines.h"

#include "cli/terminal/terminal.h"

/* Lines that are too long in spite of the cut (wide characters) must not wrap. */
#define WRAP_OFF "\033[?7l"
#define WRAP_ON  "\033[?7h"

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

void live_lines_draw(struct live_lines *lines, const struct strv *texts) {
    struct terminal_size size = terminal_size_of(fileno(lines->file));
    size_t room = size.rows > 2 ? size.rows - 1 : 1;
    live_lines_clear(lines);
    fputs(WRAP_OFF, lines->file);
    for (size_t i = 0; i < texts->count && i < room; i++) {
        if (i + 1 == room && texts->count > room)
            fprintf(lines->file, "\n\r… and %zu more", texts->count - i);
        else
            fprintf(lines->file, "%s%.*s", i ? "\n\r" : "",
                    (int)cut_to_columns(texts->items[i], size.columns - 1), texts->items[i]);
        lines->drawn++;
    }
    fputs(WRAP_ON, lines->file);
    fflush(lines->file);
}
