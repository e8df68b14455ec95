#include "columns.h"

#include "base/alloc.h"
#include "base/name.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GAP        2
#define NAME_WIDTH 16

/* Characters, not bytes: those that continue a UTF-8 sequence take no column. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

void columns_init(struct columns *columns, const char *const *headings) {
    *columns = (struct columns){0};
    for (; headings[columns->count]; columns->count++)
        strv_push(&columns->cells, headings[columns->count]);
}

void columns_add(struct columns *columns, const char *cell) {
    strv_take(&columns->cells, name_safe(cell && *cell ? cell : "-"));
}

void columns_addf(struct columns *columns, const char *format, ...) {
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        abort();
    strv_take(&columns->cells, text);
}

static void measure(const struct columns *columns, size_t widths[COLUMNS_MAX]) {
    for (size_t i = 0; i < columns->cells.count; i++) {
        size_t *widest = &widths[i % columns->count], width = width_of(columns->cells.items[i]);
        if (width > *widest)
            *widest = width;
    }
}

void columns_print(const struct columns *columns, FILE *file) {
    size_t widths[COLUMNS_MAX] = {0};
    measure(columns, widths);
    for (size_t i = 0; i < columns->cells.count; i++) {
        const char *cell = columns->cells.items[i];
        size_t column = i % columns->count;
        bool last = column + 1 == columns->count;
        fprintf(file, "%s%*s", cell, last ? 0 : (int)(widths[column] - width_of(cell) + GAP), "");
        if (last)
            fputc('\n', file);
    }
}

void columns_done(struct columns *columns) {
    strv_done(&columns->cells);
    *columns = (struct columns){0};
}

void columns_pair(const char *name, const char *value, FILE *file) {
    scoped(alloc_release) char *text = name_safe(value && *value ? value : "-");
    fprintf(file, "%-*s%s\n", NAME_WIDTH, name, text);
}
