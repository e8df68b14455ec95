#include "rows_output.h"

#include "base/alloc.h"
#include "base/name.h"
#include "cli/output/columns.h"
#include "cli/output/json_output.h"

#include <stdio.h>

static void add_cell(struct columns *columns, const struct rows_column *column, const json_t *row) {
    scoped(alloc_release) char *made = column->cell ? column->cell(row) : NULL;
    const json_t *value = column->key ? json_object_get(row, column->key) : NULL;
    char size[32];
    if (made) {
        columns_add(columns, made);
    } else if (json_is_integer(value) && column->format == ROWS_BYTES) {
        name_format_size((uint64_t)json_integer_value(value), size);
        columns_add(columns, size);
    } else if (json_is_integer(value)) {
        columns_addf(columns, "%lld", (long long)json_integer_value(value));
    } else {
        const char *text = json_string_value(value);
        columns_add(columns, text ? text : column->absent);
    }
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

void rows_output_names(json_t *rows) {
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row) {
        puts(json_string_value(json_object_get(row, "name")));
    }
    json_decref(rows);
}
