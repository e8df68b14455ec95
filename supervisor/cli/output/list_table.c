#include "cli/output/list_table.h"

#include "base/duration.h"
#include "base/name.h"
#include "cli/output/columns.h"
#include "cli/output/vm_label.h"
#include "cli/terminal/color.h"
#include "home/access/endpoint.h"
#include "machine/core/suspend_tag.h"

#include <string.h>
#include <strings.h>

static const struct list_column columns[LIST_COLUMNS] = {
    {"name", "name", FORM_PLAIN, true, false, 0},
    {"state", "state", FORM_STATE, true, false, 0},
    {"vcpu", "vcpu", FORM_PLAIN, true, false, 9},
    {"ram", "ram_bytes", FORM_BYTES, true, false, 8},
    {"disk", "disk_bytes", FORM_BYTES, true, false, 7},
    {"uptime", "uptime_s", FORM_AGE, true, false, 5},
    {"address", "address", FORM_ADDRESS, true, false, 4},
    {"image", "image", FORM_PLAIN, true, true, 6},
    {"reason", "reason", FORM_PLAIN, true, true, 0},
    {"pid", "pid", FORM_PLAIN, false, false, 0},
    {"ip", "ip4", FORM_PLAIN, false, false, 0},
    {"mac", "mac", FORM_PLAIN, false, false, 0},
    {"arch", "arch", FORM_PLAIN, false, false, 0},
    {"seed", "seed", FORM_PLAIN, false, false, 0},
    {"restart", "restart", FORM_PLAIN, false, false, 0},
    {"created", "created", FORM_PLAIN, false, false, 0},
};

const struct list_column *list_table_column(const char *word, size_t length, struct error *error) {
    for (size_t i = 0; i < LIST_COLUMNS; i++)
        if (strlen(columns[i].word) == length && strncasecmp(columns[i].word, word, length) == 0)
            return &columns[i];
    error_set(error, ERROR_USAGE, "\"%.*s\" is not a column: `pgsup help list` lists them",
              (int)(length < 40 ? length : 40), word);
    return NULL;
}

bool list_table_choose(struct list_table *table, const char *words, struct error *error) {
    table->chosen = words != NULL;
    for (size_t i = 0; !words && i < LIST_COLUMNS; i++)
        if (columns[i].standard)
            table->columns[table->count++] = &columns[i];
    while (words && *words) {
        size_t length = strcspn(words, ", ");
        const struct list_column *column = length ? list_table_column(words, length, error) : NULL;
        if (length && !column)
            return false;
        if (column && table->count < LIST_COLUMNS)
            table->columns[table->count++] = column;
        words += length;
        words += strspn(words, ", ");
    }
    return table->count > 0 || error_set(error, ERROR_USAGE, "--columns names no column");
}

static void add_address(struct columns *cells, const json_t *row) {
    const char *address = json_string_value(json_object_get(row, "address"));
    json_int_t port = json_integer_value(json_object_get(row, "port"));
    if (address && port != ENDPOINT_SSH_PORT)
        columns_addf(cells, "%s:%d", address, (int)port);
    else
        columns_add(cells, address);
}

static void add_state(const struct list_table *table, struct columns *cells, const char *state) {
    char label[VM_LABEL_SIZE];
    vm_label(state, label);
    columns_add(cells, label);
    if (table->color)
        columns_paint(cells, color_of_state(state));
}

static void add_cell(const struct list_table *table, struct columns *cells, const json_t *row,
                     const struct list_column *column) {
    const json_t *value = json_object_get(row, column->key);
    char text[DURATION_SIZE];
    if (column->form == FORM_ADDRESS) {
        add_address(cells, row);
    } else if (!value || json_is_null(value)) {
        columns_add(cells, NULL);
    } else if (column->form == FORM_STATE) {
        add_state(table, cells, json_string_value(value));
    } else if (column->form == FORM_BYTES) {
        name_format_size_short((uint64_t)json_integer_value(value), text);
        columns_add(cells, text);
    } else if (column->form == FORM_AGE) {
        duration_format_short((uint64_t)(json_real_value(value) * 1000), text);
        columns_add(cells, text);
    } else if (json_is_integer(value)) {
        columns_add_number(cells, (uint64_t)json_integer_value(value));
    } else {
        columns_add(cells, json_string_value(value));
    }
}

/* Whether its reason is worth a column. What stopped as it was told to is fine. */
static bool is_fine(const json_t *row) {
    static const char *const bad[] = {"failed", "lost", "paused"};
    const char *state = json_string_value(json_object_get(row, "state"));
    const char *reason = json_string_value(json_object_get(row, "reason"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strcmp(state, bad[i]) == 0)
            return false;
    return !reason || strcmp(state, "stopped") == 0 || strcmp(state, SUSPEND_STATE) == 0 ||
           strncmp(reason, "no supervisor; ", strlen("no supervisor; ")) == 0;
}

static bool shows(const struct list_table *table, const struct list_column *column, bool all_fine) {
    return table->chosen || !all_fine || strcmp(column->key, "reason") != 0;
}

/* How many columns of the table have their place in `shown`. */
static size_t choose_shown(const struct list_table *table, const json_t *rows,
                           const struct list_column *shown[LIST_COLUMNS]) {
    bool all_fine = true;
    size_t count = 0, index;
    json_t *row;
    json_array_foreach(rows, index, row) {
        all_fine = all_fine && is_fine(row);
    }
    for (size_t i = 0; i < table->count; i++)
        if (shows(table, table->columns[i], all_fine))
            shown[count++] = table->columns[i];
    return count;
}

static void init_cells(const struct list_table *table, const struct list_column *const *shown,
                       size_t count, struct columns *cells) {
    char headings[LIST_COLUMNS][16];
    const char *pointers[LIST_COLUMNS + 1] = {NULL};
    for (size_t i = 0; i < count; i++) {
        name_upper(shown[i]->word, headings[i], sizeof headings[i]);
        pointers[i] = headings[i];
    }
    columns_init(cells, pointers);
    cells->no_heading = table->no_heading;
    cells->width = table->width;
    for (size_t i = 0; i < count; i++) {
        cells->leave_out[i] = table->chosen ? 0 : shown[i]->leave_out;
        cells->may_cut[i] = shown[i]->may_cut;
    }
}

void list_table_print(const struct list_table *table, const json_t *rows, FILE *file) {
    const struct list_column *shown[LIST_COLUMNS];
    size_t count = choose_shown(table, rows, shown), index;
    struct columns cells;
    json_t *row;
    init_cells(table, shown, count, &cells);
    json_array_foreach(rows, index, row) {
        for (size_t i = 0; i < count; i++)
            add_cell(table, &cells, row, shown[i]);
    }
    columns_print(&cells, file);
    columns_done(&cells);
}
