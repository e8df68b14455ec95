#include "rows_output.h"

#include "base/alloc.h"
#include "base/name.h"
#include "cli/output/columns.h"
#include "cli/output/json_output.h"

#include <stdio.h>

/* For the caller; NULL: absent. */
static char *cell_text(const struct rows_column *column, const json_t *row) {
    const json_t *value = column->key ? json_object_get(row, column->key) : NULL;
    const char *text = json_string_value(value);
    char size[32];
    if (column->cell)
        return column->cell(row);
    if (json_is_integer(value) && column->format == ROWS_BYTES) {
        name_format_size((uint64_t)json_integer_value(value), size);
        return alloc_string(size);
    }
    if (json_is_integer(value))
        return alloc_printf("%lld", (long long)json_integer_value(value));
    return text ? alloc_string(text) : NULL;
}

static void add_cell(struct columns *columns, const struct rows_column *column, const json_t *row) {
    scoped(alloc_release) char *text = cell_text(column, row);
    columns_add(columns, text ? text : column->absent);
}

static void print_columns(const json_t *rows, const struct rows_column *given) {
    const char *headings[COLUMNS_MAX + 1] = {NULL};
    struct columns columns;
    size_t index;
    json_t *row;
    for (size_t i = 0; i < COLUMNS_MAX && given[i].heading; i++)
        headings[i] = given[i].heading;
    columns_init(&columns, headings);
    json_array_foreach(rows, index, row) {
        for (const struct rows_column *column = given; column->heading; column++)
            add_cell(&columns, column, row);
    }
    columns_print(&columns, stdout);
    columns_done(&columns);
}

/* Each row begins with the schema. */
static void print_json(json_t *rows) {
    json_t *result = json_array(), *row;
    size_t index;
    json_array_foreach(rows, index, row) {
        json_t *begun = json_object();
        json_output_schema(begun);
        json_object_update(begun, row);
        json_array_append_new(result, begun);
    }
    json_decref(rows);
    json_output_print(result);
}

void rows_output_print(const struct invocation *invocation, json_t *rows,
                       const struct rows_column *columns) {
    if (invocation_flag(invocation, "json")) {
        print_json(rows);
        return;
    }
    print_columns(rows, columns);
    json_decref(rows);
}

void rows_output_names(json_t *rows, const struct rows_column *column) {
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row) {
        scoped(alloc_release) char *name = cell_text(column, row);
        if (name)
            puts(name);
    }
    json_decref(rows);
}
