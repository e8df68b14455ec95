#include "columns.h"

#include "base/alloc.h"
#include "base/name.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GAP        2
#define NAME_WIDTH 16

enum { CUT_LEAST = 8, CUT_LAST_LEAST = 24 };

/* Characters, not bytes: those that continue a UTF-8 sequence take no column. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* The bytes of the first characters of a text. */
static size_t bytes_of(const char *text, size_t characters) {
    size_t length = 0;
    for (; text[length] && characters > 0; characters--)
        do
            length++;
        while (((unsigned char)text[length] & 0xC0) == 0x80);
    return length;
}

void columns_init(struct columns *columns, const char *const *headings) {
    *columns = (struct columns){0};
    for (; headings[columns->count]; columns->count++)
        strv_take(&columns->cells, alloc_string(headings[columns->count]));
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

void columns_paint(struct columns *columns, const char *style) {
    size_t count = columns->cells.count, old = columns->styled;
    if (count > old) {
        columns->styled = 2 * count;
        columns->styles = alloc_resize(columns->styles, columns->styled * sizeof *columns->styles);
        memset(columns->styles + old, 0, (columns->styled - old) * sizeof *columns->styles);
    }
    columns->styles[count - 1] = style;
}

static void measure(const struct columns *columns, size_t widths[COLUMNS_MAX]) {
    for (size_t i = columns->no_heading ? columns->count : 0; i < columns->cells.count; i++) {
        size_t *widest = &widths[i % columns->count], width = width_of(columns->cells.items[i]);
        if (width > *widest)
            *widest = width;
    }
}

static size_t sum_of(const struct columns *columns, const size_t widths[COLUMNS_MAX]) {
    size_t sum = 0;
    for (size_t i = 0; i < columns->count; i++)
        sum += widths[i] ? widths[i] + (sum ? GAP : 0) : 0;
    return sum;
}

/* The column that matters least of those still there; count: none may be left out. */
static size_t least_of(const struct columns *columns, const size_t widths[COLUMNS_MAX]) {
    size_t least = columns->count;
    for (size_t i = 0; i < columns->count; i++)
        if (widths[i] && columns->leave_out[i] &&
            (least == columns->count || columns->leave_out[i] > columns->leave_out[least]))
            least = i;
    return least;
}

static void cut_column(const struct columns *columns, size_t widths[COLUMNS_MAX], size_t column,
                       size_t least) {
    size_t sum = sum_of(columns, widths);
    size_t over = sum > columns->width ? sum - columns->width : 0;
    size_t spare = widths[column] > least ? widths[column] - least : 0;
    widths[column] -= over < spare ? over : spare;
}

static void cut_columns(const struct columns *columns, size_t widths[COLUMNS_MAX]) {
    size_t last = columns->count - 1;
    for (size_t i = 0; i < columns->count; i++)
        if (columns->may_cut[i] && widths[i])
            cut_column(columns, widths, i, i == last ? CUT_LAST_LEAST : CUT_LEAST);
}

/* A width of 0 leaves the column out. */
static void fit(const struct columns *columns, size_t widths[COLUMNS_MAX]) {
    size_t wide[COLUMNS_MAX], least;
    memcpy(wide, widths, sizeof wide);
    if (!columns->width)
        return;
    cut_columns(columns, widths);
    while (sum_of(columns, widths) > columns->width &&
           (least = least_of(columns, widths)) < columns->count)
        widths[least] = wide[least] = 0;
    memcpy(widths, wide, sizeof wide);
    cut_columns(columns, widths);
    for (size_t i = columns->count - 1; i > 0; i--) /* a very narrow one */
        if (widths[i])
            cut_column(columns, widths, i, 1);
}

static void print_cell(const char *cell, size_t width, FILE *file) {
    if (width_of(cell) <= width)
        fputs(cell, file);
    else
        fprintf(file, "%.*s\u2026", (int)bytes_of(cell, width - 1), cell);
}

static void print_gap(size_t width, FILE *file) {
    static const char spaces[] = "                                ";
    for (size_t part; width > 0; width -= part) {
        part = width < sizeof spaces - 1 ? width : sizeof spaces - 1;
        fwrite(spaces, 1, part, file);
    }
}

static const char *style_of(const struct columns *columns, size_t cell) {
    const char *style = cell < columns->styled ? columns->styles[cell] : NULL;
    return style ? style : "";
}

static void print_row(const struct columns *columns, size_t row, const size_t widths[COLUMNS_MAX],
                      FILE *file) {
    size_t gap = 0;
    for (size_t column = 0; column < columns->count; column++) {
        const char *cell = columns->cells.items[row * columns->count + column];
        const char *style = style_of(columns, row * columns->count + column);
        size_t width = width_of(cell);
        if (!widths[column])
            continue;
        print_gap(gap, file);
        fputs(style, file);
        print_cell(cell, widths[column], file);
        fputs(*style ? "\033[0m" : "", file);
        gap = GAP + (widths[column] > width ? widths[column] - width : 0);
    }
    fputc('\n', file);
}

void columns_print(const struct columns *columns, FILE *file) {
    size_t widths[COLUMNS_MAX] = {0};
    measure(columns, widths);
    fit(columns, widths);
    for (size_t row = columns->no_heading; row < columns->cells.count / columns->count; row++)
        print_row(columns, row, widths, file);
}

void columns_done(struct columns *columns) {
    strv_done(&columns->cells);
    free(columns->styles);
    *columns = (struct columns){0};
}

void columns_pair(const char *name, const char *value, FILE *file) {
    scoped(alloc_release) char *text = name_safe(value && *value ? value : "-");
    fprintf(file, "%-*s%s\n", NAME_WIDTH, name, text);
}
