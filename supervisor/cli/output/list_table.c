#include "cli/output/list_table.h"

#include "base/clock.h"
#include "base/duration.h"
#include "base/name.h"
#include "base/natural.h"
#include "cli/output/columns.h"
#include "cli/output/vm_label.h"
#include "cli/terminal/color.h"
#include "machine/core/suspend_tag.h"

#include <string.h>
#include <strings.h>

/* --- the columns --- */

static struct list_value of_text(const char *text) {
    return (struct list_value){.known = text && *text, .text = text};
}

static struct list_value of_number(bool known, uint64_t number) {
    return (struct list_value){.known = known, .number = (int64_t)number};
}

/* Word and value, form, standard, may_cut, leave_out. */
#define LIST_TABLE(X)                                                                              \
    X(name, of_text(row->instance->name), FORM_PLAIN, true, false, 0)                              \
    X(state, of_text(row->now.state), FORM_STATE, true, false, 0)                                  \
    X(vcpu, of_number(true, row->instance->vcpu), FORM_PLAIN, true, false, 9)                      \
    X(ram, of_number(true, row->instance->ram_mib << 20), FORM_BYTES, true, false, 8)              \
    X(disk, of_number(true, row->instance->disk_bytes), FORM_BYTES, true, false, 7)                \
    X(uptime, of_number(row->now.uptime_ms != UPTIME_NONE, (uint64_t)row->now.uptime_ms),          \
      FORM_AGE, true, false, 5)                                                                    \
    X(address, of_text(row->endpoint.address), FORM_ADDRESS, true, false, 4)                       \
    X(image, of_text(row->instance->image), FORM_PLAIN, true, true, 6)                             \
    X(reason, of_text(row->now.reason), FORM_PLAIN, true, true, 0)                                 \
    X(pid, of_number(row->now.pid, (uint64_t)row->now.pid), FORM_PLAIN, false, false, 0)           \
    X(ip, of_text(row->instance->ip4), FORM_PLAIN, false, false, 0)                                \
    X(mac, of_text(row->instance->mac), FORM_PLAIN, false, false, 0)                               \
    X(arch, of_text(row->instance->arch), FORM_PLAIN, false, false, 0)                             \
    X(seed, of_text(store_seed_word(row->instance->seed)), FORM_PLAIN, false, false, 0)            \
    X(restart, of_text(store_restart_word(row->instance->restart)), FORM_PLAIN, false, false, 0)   \
    X(created, of_number(row->instance->created_ms, (uint64_t)row->instance->created_ms),          \
      FORM_TIME, false, false, 0)

#define LIST_VALUE(word, value, ...)                                                               \
    static struct list_value word##_of(const struct instance_row *row) {                           \
        return value;                                                                              \
    }
LIST_TABLE(LIST_VALUE)

#define LIST_ROW(word, value, ...) {#word, word##_of, __VA_ARGS__},
static const struct list_column columns[LIST_COLUMNS] = {LIST_TABLE(LIST_ROW)};

int list_value_compare(const struct list_value *a, const struct list_value *b) {
    if (!a->known || !b->known)
        return (int)b->known - (int)a->known;
    if (a->text && b->text)
        return natural_compare(a->text, b->text);
    return (a->number > b->number) - (a->number < b->number);
}

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

/* --- its cells --- */

static void add_address(struct columns *cells, const struct endpoint *endpoint) {
    char text[sizeof endpoint->address + 8];
    char *end = stpcpy(text, endpoint->address);
    if (endpoint->port != ENDPOINT_SSH_PORT) {
        *end++ = ':';
        name_put_number(endpoint->port, end);
    }
    columns_add(cells, text);
}

static void add_state(const struct list_table *table, struct columns *cells, const char *state) {
    char label[VM_LABEL_SIZE];
    vm_label(state, label);
    columns_add(cells, label);
    if (table->color)
        columns_paint(cells, color_of_state(state));
}

static void add_number(struct columns *cells, enum list_form form, uint64_t number) {
    char text[CLOCK_RFC3339_SIZE];
    switch (form) {
    case FORM_BYTES: name_format_size_short(number, text); break;
    case FORM_AGE: duration_format_short(number, text); break;
    case FORM_TIME: clock_rfc3339((int64_t)number, text); break;
    default: name_put_number(number, text);
    }
    columns_add(cells, text);
}

static void add_cell(const struct list_table *table, struct columns *cells,
                     const struct instance_row *row, const struct list_column *column,
                     const struct list_value *value) {
    if (value->known && column->form == FORM_ADDRESS)
        add_address(cells, &row->endpoint);
    else if (column->form == FORM_STATE)
        add_state(table, cells, value->text);
    else if (value->known && !value->text)
        add_number(cells, column->form, (uint64_t)value->number);
    else
        columns_add(cells, value->text);
}

static bool is_same(const struct list_value *a, const struct list_value *b) {
    if (a->known != b->known || !a->text != !b->text)
        return false;
    return a->text ? strcmp(a->text, b->text) == 0 : a->number == b->number;
}

/* Most columns mostly hold what the row above holds, whose cell is taken as it is. */
static void add_column_cell(const struct list_table *table, struct columns *cells,
                            const struct instance_row *row, const struct list_column *column,
                            struct list_value *above) {
    const struct list_value value = column->value(row);
    if (cells->cell_count >= 2 * cells->count && column->form != FORM_ADDRESS &&
        is_same(&value, above))
        columns_repeat(cells);
    else
        add_cell(table, cells, row, column, &value);
    *above = value;
}

/* --- which are shown --- */

/* Whether its reason is worth a column. What stopped as it was told to is fine. */
static bool is_fine(const struct vm_now *now) {
    static const char *const bad[] = {"failed", "lost", "paused"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strcmp(now->state, bad[i]) == 0)
            return false;
    return !now->reason || strcmp(now->state, "stopped") == 0 ||
           strcmp(now->state, SUSPEND_STATE) == 0 ||
           strncmp(now->reason, "no supervisor; ", strlen("no supervisor; ")) == 0;
}

/* How many columns of the table have their place in `shown`. */
static size_t choose_shown(const struct list_table *table, const struct instance_row *rows,
                           size_t row_count, const struct list_column *shown[LIST_COLUMNS]) {
    bool all_fine = true;
    size_t count = 0;
    for (size_t i = 0; i < row_count; i++)
        all_fine = all_fine && is_fine(&rows[i].now);
    for (size_t i = 0; i < table->count; i++)
        if (table->chosen || !all_fine || table->columns[i]->value != reason_of)
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

void list_table_print(const struct list_table *table, const struct instance_row *rows, size_t count,
                      FILE *file) {
    const struct list_column *shown[LIST_COLUMNS];
    size_t shown_count = choose_shown(table, rows, count, shown);
    struct columns cells;
    struct list_value above[LIST_COLUMNS] = {0};
    init_cells(table, shown, shown_count, &cells);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < shown_count; j++)
            add_column_cell(table, &cells, &rows[i], shown[j], &above[j]);
    columns_print(&cells, file);
    columns_done(&cells);
}
