#include "columns.h"

#include "base/alloc.h"
#include "base/name.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GAP        2
#define NAME_WIDTH 16
#define CUT        "\u2026"
#define PLAIN      "\033[0m" /* after a style */

enum { CUT_LEAST = 8, CUT_LAST_LEAST = 24, FLUSH_BYTES = 28672 };

/* The bytes of the first characters of a text that has more. */
static size_t bytes_of(const char *text, size_t characters) {
    size_t length = 0;
    for (; characters > 0; characters--)
        do
            length++;
        while (((unsigned char)text[length] & 0xC0) == 0x80);
    return length;
}

static struct columns_cell *next_cell(struct columns *columns) {
    if (columns->cell_count == columns->cell_room) {
        columns->cell_room = columns->cell_room ? 2 * columns->cell_room : 4 * COLUMNS_MAX;
        columns->cells = alloc_resize(columns->cells, columns->cell_room * sizeof *columns->cells);
    }
    return &columns->cells[columns->cell_count++];
}

static void add_cell(struct columns *columns, const char *text) {
    struct columns_cell *cell = next_cell(columns);
    size_t at = columns->text.length;
    uint32_t width = (uint32_t)name_put_safe(&columns->text, text);
    *cell = (struct columns_cell){(uint32_t)at, (uint32_t)(columns->text.length - at), width, NULL};
}

void columns_init(struct columns *columns, const char *const *headings) {
    *columns = (struct columns){0};
    for (; headings[columns->count]; columns->count++)
        add_cell(columns, headings[columns->count]);
}

void columns_add(struct columns *columns, const char *cell) {
    add_cell(columns, cell && *cell ? cell : "-");
}

void columns_repeat(struct columns *columns) {
    struct columns_cell *cell = next_cell(columns);
    *cell = *(cell - columns->count);
}

void columns_paint(struct columns *columns, const char *style) {
    columns->cells[columns->cell_count - 1].style = style;
}

static void measure(const struct columns *columns, size_t widths[COLUMNS_MAX]) {
    size_t column = 0;
    for (size_t i = columns->no_heading ? columns->count : 0; i < columns->cell_count; i++) {
        if (columns->cells[i].width > widths[column])
            widths[column] = columns->cells[i].width;
        column = column + 1 < columns->count ? column + 1 : 0;
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
    cut_column(columns, widths, 0, CUT_LEAST);
    for (size_t i = columns->count; i-- > 0;) /* a very narrow one */
        if (widths[i])
            cut_column(columns, widths, i, 1);
}

static char *put_cell(const struct columns *columns, const struct columns_cell *cell, size_t width,
                      char *at) {
    const char *text = columns->text.data + cell->at;
    size_t length = cell->width <= width ? cell->length : bytes_of(text, width - 1);
    memcpy(at, text, length);
    return cell->width <= width ? at + length : stpcpy(at + length, CUT);
}

static char *put_painted(const struct columns *columns, const struct columns_cell *cell,
                         size_t width, char *at) {
    at = put_cell(columns, cell, width, stpcpy(at, cell->style));
    return *cell->style ? stpcpy(at, PLAIN) : at;
}

/* What a row may take at most, in bytes. */
static size_t room_of(const struct columns *columns, const struct columns_cell *row,
                      const size_t widths[COLUMNS_MAX]) {
    size_t room = sizeof "\n";
    for (size_t column = 0; column < columns->count; column++) {
        const struct columns_cell *cell = &row[column];
        room += cell->length + widths[column] + GAP + strlen(CUT);
        if (cell->style)
            room += strlen(cell->style) + strlen(PLAIN);
    }
    return room;
}

static void put_row(const struct columns *columns, const struct columns_cell *row,
                    const size_t widths[COLUMNS_MAX], struct buffer *lines) {
    char *start = buffer_room(lines, room_of(columns, row, widths)), *at = start;
    size_t gap = 0;
    for (size_t column = 0; column < columns->count; column++) {
        const struct columns_cell *cell = &row[column];
        size_t width = widths[column];
        if (!width)
            continue;
        memset(at, ' ', gap);
        at = (cell->style ? put_painted : put_cell)(columns, cell, width, at + gap);
        gap = GAP + (width > cell->width ? width - cell->width : 0);
    }
    *at++ = '\n';
    lines->length += (size_t)(at - start);
}

static void flush(struct buffer *lines, FILE *file) {
    if (lines->length)
        fwrite(lines->data, 1, lines->length, file);
    buffer_clear(lines);
}

void columns_print(const struct columns *columns, FILE *file) {
    size_t widths[COLUMNS_MAX] = {0};
    scoped(buffer_done) struct buffer lines = {0};
    measure(columns, widths);
    fit(columns, widths);
    for (size_t row = columns->no_heading; row < columns->cell_count / columns->count; row++) {
        put_row(columns, &columns->cells[row * columns->count], widths, &lines);
        if (lines.length >= FLUSH_BYTES)
            flush(&lines, file);
    }
    flush(&lines, file);
}

void columns_done(struct columns *columns) {
    buffer_done(&columns->text);
    free(columns->cells);
    *columns = (struct columns){0};
}

void columns_pair(const char *name, const char *value, FILE *file) {
    scoped(alloc_release) char *text = name_safe(value && *value ? value : "-");
    fprintf(file, "%-*s%s\n", NAME_WIDTH, name, text);
}
