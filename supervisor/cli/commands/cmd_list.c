#include "base/alloc.h"
#include "base/duration.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "base/natural.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/instance_row.h"
#include "cli/output/columns.h"
#include "cli/output/json_output.h"
#include "cli/output/rows_output.h"
#include "cli/output/vm_label.h"
#include "cli/terminal/color.h"
#include "cli/terminal/terminal.h"
#include "home/access/endpoint.h"
#include "home/access/host_groups.h"
#include "machine/core/lifecycle.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { WATCH_INTERVAL_MS = 1000 };

static const struct option_spec options[] = {
    {.name = "json", .help = "print one JSON array: `pgsup help json`"},
    {.name = "names-only", .letter = 'q', .help = "print the names only", .also = "quiet"},
    {.name = "no-header", .help = "without the line of headings", .also = "no-heading noheader"},
    {.name = "sort",
     .value = "COLUMN",
     .help = "order by this column; -COLUMN: the other way round",
     .fallback = "name"},
    {.name = "columns",
     .value = "COLUMN,...",
     .help = "the columns, in this order: name, state, vcpu, ram, disk, uptime, address, image, "
             "reason, pid, ip, mac, arch, seed, restart, created"},
    {.name = "state",
     .value = "STATE",
     .help = "only those in this state: ready, running, stopped"},
    {.name = "group", .value = "GROUP", .help = "only those in this group"},
    COLOR_OPTION,
    {.name = "watch", .letter = 'w', .help = "keep the list on the screen until Ctrl-C"},
    OPTIONS_END,
};

/* --- columns --- */

enum list_form { FORM_PLAIN, FORM_STATE, FORM_BYTES, FORM_AGE, FORM_ADDRESS };

static const struct list_column {
    const char *word, *key;
    enum list_form form;
    bool standard, may_cut;
    unsigned leave_out; /* on a narrow terminal, the highest first */
} columns[] = {
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

enum { COLUMN_COUNT = sizeof columns / sizeof *columns };

struct view {
    struct invocation *invocation;
    const struct list_column *shown[COLUMN_COUNT];
    size_t count;
    const struct list_column *sort;
    bool descending, color;
};

static const struct list_column *find_column(const char *word, size_t length, struct error *error) {
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (strlen(columns[i].word) == length && strncasecmp(columns[i].word, word, length) == 0)
            return &columns[i];
    error_set(error, ERROR_USAGE, "\"%.*s\" is not a column: `pgsup help list` lists them",
              (int)(length < 40 ? length : 40), word);
    return NULL;
}

static bool choose_columns(struct view *view, struct error *error) {
    const char *words = invocation_option(view->invocation, "columns");
    for (size_t i = 0; !words && i < COLUMN_COUNT; i++)
        if (columns[i].standard)
            view->shown[view->count++] = &columns[i];
    while (words && *words) {
        size_t length = strcspn(words, ", ");
        const struct list_column *column = length ? find_column(words, length, error) : NULL;
        if (length && !column)
            return false;
        if (column && view->count < COLUMN_COUNT)
            view->shown[view->count++] = column;
        words += length;
        words += strspn(words, ", ");
    }
    return view->count > 0 || error_set(error, ERROR_USAGE, "--columns names no column");
}

static bool init_view(struct view *view, struct invocation *invocation, struct error *error) {
    const char *sort = invocation_option(invocation, "sort");
    *view = (struct view){.invocation = invocation, .descending = *sort == '-'};
    sort += view->descending;
    view->sort = find_column(sort, strlen(sort), error);
    return view->sort && choose_columns(view, error) &&
           color_wanted(invocation_option(invocation, "color"), stdout, &view->color, error);
}

/* --- cells --- */

static void add_address(struct columns *table, const json_t *row) {
    const char *address = json_string_value(json_object_get(row, "address"));
    json_int_t port = json_integer_value(json_object_get(row, "port"));
    if (address && port != ENDPOINT_SSH_PORT)
        columns_addf(table, "%s:%d", address, (int)port);
    else
        columns_add(table, address);
}

static void add_state(const struct view *view, struct columns *table, const char *state) {
    char label[VM_LABEL_SIZE];
    vm_label(state, label);
    columns_add(table, label);
    if (view->color)
        columns_paint(table, color_of_state(state));
}

static void add_cell(const struct view *view, struct columns *table, const json_t *row,
                     const struct list_column *column) {
    const json_t *value = json_object_get(row, column->key);
    char text[DURATION_SIZE];
    if (column->form == FORM_ADDRESS) {
        add_address(table, row);
    } else if (!value || json_is_null(value)) {
        columns_add(table, NULL);
    } else if (column->form == FORM_STATE) {
        add_state(view, table, json_string_value(value));
    } else if (column->form == FORM_BYTES) {
        name_format_size_short((uint64_t)json_integer_value(value), text);
        columns_add(table, text);
    } else if (column->form == FORM_AGE) {
        duration_format_short((uint64_t)(json_real_value(value) * 1000), text);
        columns_add(table, text);
    } else if (json_is_integer(value)) {
        columns_addf(table, "%lld", (long long)json_integer_value(value));
    } else {
        columns_add(table, json_string_value(value));
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
    return !reason || strcmp(state, "stopped") == 0 ||
           strncmp(reason, "no supervisor; ", strlen("no supervisor; ")) == 0;
}

static bool shows(const struct view *view, const struct list_column *column, bool all_fine) {
    return strcmp(column->word, "reason") != 0 || !all_fine ||
           invocation_given(view->invocation, "columns");
}

static void print_table(const struct view *view, const json_t *rows, FILE *file) {
    char headings[COLUMN_COUNT][16];
    const char *pointers[COLUMN_COUNT + 1] = {NULL};
    const struct list_column *shown[COLUMN_COUNT];
    struct columns table;
    size_t count = 0, index;
    bool all_fine = true;
    json_t *row;
    json_array_foreach(rows, index, row) {
        all_fine = all_fine && is_fine(row);
    }
    for (size_t i = 0; i < view->count; i++)
        if (shows(view, view->shown[i], all_fine)) {
            name_upper(view->shown[i]->word, headings[count], sizeof headings[count]);
            pointers[count] = headings[count];
            shown[count++] = view->shown[i];
        }
    columns_init(&table, pointers);
    table.no_heading = invocation_flag(view->invocation, "no-header");
    table.width = isatty(STDOUT_FILENO) ? terminal_size_of(STDOUT_FILENO).columns - 1 : 0;
    for (size_t i = 0; i < count; i++) {
        table.leave_out[i] =
            invocation_given(view->invocation, "columns") ? 0 : shown[i]->leave_out;
        table.may_cut[i] = shown[i]->may_cut;
    }
    json_array_foreach(rows, index, row) {
        for (size_t i = 0; i < count; i++)
            add_cell(view, &table, row, shown[i]);
    }
    columns_print(&table, file);
    columns_done(&table);
}

/* --- rows --- */

static bool is_named(const struct invocation *invocation, const char *name) {
    size_t count = invocation_argument_count(invocation);
    for (size_t i = 0; i < count; i++)
        if (strcmp(invocation_argument(invocation, i), name) == 0)
            return true;
    return count == 0;
}

static bool is_in_group(const struct store_instance *instance, const char *wanted) {
    scoped(strv_done) struct strv names = {0};
    if (!wanted)
        return true;
    host_groups_list(instance->groups, &names);
    for (size_t i = 0; i < names.count; i++)
        if (strcmp(names.items[i], wanted) == 0)
            return true;
    return false;
}

/* By its word, or by what the column shows: "running" is also "Running(ready)". */
static bool is_in_state(const char *state, const char *wanted) {
    char label[VM_LABEL_SIZE];
    vm_label(state, label);
    size_t length = strcspn(label, "(");
    return strcasecmp(wanted, state) == 0 || strcasecmp(wanted, label) == 0 ||
           (strlen(wanted) == length && strncasecmp(wanted, label, length) == 0);
}

static bool check_state(const char *wanted, struct error *error) {
    for (int state = 0; wanted && state < STATE_COUNT; state++)
        if (is_in_state(lifecycle_state_word((enum lifecycle_state)state), wanted))
            return true;
    return !wanted || error_set(error, ERROR_USAGE,
                                "\"%.40s\" is not a state: use ready, booting, running, paused, "
                                "stopped, failed or lost",
                                wanted);
}

static bool check_filters(const struct invocation *invocation, struct error *error) {
    const char *state = invocation_option(invocation, "state");
    for (size_t i = 0; i < invocation_argument_count(invocation); i++) {
        struct store_instance instance = {0};
        if (!instance_table_get(invocation->home->store, invocation_argument(invocation, i),
                                &instance, error))
            return false;
        store_instance_done(&instance);
    }
    return check_state(state, error);
}

struct sorted {
    json_t *row;
    const char *name;
    const json_t *value; /* NULL: there is none */
    bool descending;
};

static int compare_values(const json_t *a, const json_t *b) {
    if (json_is_string(a) && json_is_string(b))
        return natural_compare(json_string_value(a), json_string_value(b));
    double x = json_number_value(a), y = json_number_value(b);
    return (x > y) - (x < y);
}

/* Those without a value come last. */
static int compare_rows(const void *left, const void *right) {
    const struct sorted *a = left, *b = right;
    int order = 0;
    if (a->value && b->value)
        order = compare_values(a->value, b->value) * (a->descending ? -1 : 1);
    else if (a->value || b->value)
        order = a->value ? -1 : 1;
    return order ? order : natural_compare(a->name, b->name);
}

static json_t *sort_rows(const struct view *view, json_t *rows) {
    size_t count = json_array_size(rows);
    struct sorted *sorted = alloc_zero((count + 1) * sizeof *sorted);
    json_t *result = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_array_get(rows, i);
        const json_t *value = json_object_get(row, view->sort->key);
        sorted[i] = (struct sorted){row, json_string_value(json_object_get(row, "name")),
                                    json_is_null(value) ? NULL : value, view->descending};
    }
    qsort(sorted, count, sizeof *sorted, compare_rows);
    for (size_t i = 0; i < count; i++)
        json_array_append(result, sorted[i].row);
    free(sorted);
    json_decref(rows);
    return result;
}

static bool needs_whole_rows(const struct view *view) {
    bool whole = invocation_flag(view->invocation, "json") || !view->sort->standard;
    for (size_t i = 0; i < view->count; i++)
        whole = whole || !view->shown[i]->standard;
    return whole;
}

/* NULL: error set. supervised: whether a supervisor answered; total: before the filters. */
static json_t *collect_rows(const struct view *view, bool *supervised, size_t *total,
                            struct error *error) {
    struct home *home = view->invocation->home;
    const char *state = invocation_option(view->invocation, "state");
    const char *group = invocation_option(view->invocation, "group");
    bool whole = needs_whole_rows(view);
    struct store_instances instances = {0};
    struct instance_rows open;
    if (!instance_table_list(home->store, &instances, error))
        return NULL;
    *total = instances.count;
    if (!instance_rows_open(home, whole ? 0 : INSTANCE_ROWS_BRIEF, &open, error)) {
        store_instances_done(&instances);
        return NULL;
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < instances.count; i++) {
        if (!is_named(view->invocation, instances.items[i].name) ||
            !is_in_group(&instances.items[i], group))
            continue;
        json_t *row = whole ? instance_rows_get(&open, &instances.items[i])
                            : instance_rows_brief(&open, &instances.items[i]);
        if (!state || is_in_state(json_string_value(json_object_get(row, "state")), state))
            json_array_append(rows, row);
        json_decref(row);
    }
    *supervised = open.vms.client != NULL;
    instance_rows_close(&open);
    store_instances_done(&instances);
    return sort_rows(view, rows);
}

/* --- showing --- */

static void tell_rest(const struct view *view, bool supervised, size_t total) {
    if (view->invocation->quiet)
        return;
    if (!total)
        fputs("pgsup: no instances yet: `pgsup create NAME` defines one\n", stderr);
    else if (!supervised)
        fputs("pgsup: no supervisor runs: `pgsup up --detach` starts one\n", stderr);
}

/* In place of what was drawn before; lines that do not fit are counted. */
static void redraw(const char *text, unsigned *drawn) {
    struct terminal_size size = terminal_size_of(STDOUT_FILENO);
    unsigned lines = 0, room = size.rows > 2 ? size.rows - 1 : 1, total = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        total++;
    if (*drawn)
        printf("\033[%uA", *drawn);
    fputs("\r\033[J", stdout);
    while (*text && (lines + 1 < room || (lines + 1 == room && total == room))) {
        size_t length = strcspn(text, "\n");
        printf("%.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
        lines++;
    }
    if (total > lines) {
        printf("\u2026 and %u more\n", total - lines);
        lines++;
    }
    *drawn = lines;
    fflush(stdout);
}

static int watch_list(const struct view *view, struct error *error) {
    struct error interrupted = {0};
    unsigned drawn = 0;
    bool supervised;
    size_t total;
    if (!terminal_is_capable(STDOUT_FILENO)) {
        error_set(error, ERROR_USAGE,
                  "--watch needs a terminal: `pgsup events -f` tells changes line by line");
        return EXIT_FAILURE;
    }
    interrupt_watch();
    while (interrupt_check(&interrupted)) {
        json_t *rows = collect_rows(view, &supervised, &total, error);
        char *text = NULL;
        size_t length;
        FILE *file = rows ? open_memstream(&text, &length) : NULL;
        if (!file)
            return EXIT_FAILURE;
        print_table(view, rows, file);
        if (!supervised)
            fputs("no supervisor runs: `pgsup up --detach` starts one\n", file);
        fclose(file);
        redraw(text, &drawn);
        free(text);
        json_decref(rows);
        poll(NULL, 0, WATCH_INTERVAL_MS);
    }
    putchar('\n'); /* after the terminal's ^C */
    return EXIT_SUCCESS;
}

static int run_list(struct invocation *invocation, struct error *error) {
    struct view view;
    bool supervised;
    size_t total;
    if (!init_view(&view, invocation, error) || !check_filters(invocation, error))
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "watch"))
        return watch_list(&view, error);
    json_t *rows = collect_rows(&view, &supervised, &total, error);
    if (!rows)
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "json")) {
        json_output_print(rows);
        return EXIT_SUCCESS;
    }
    if (invocation_flag(invocation, "names-only")) {
        rows_output_names(rows);
        return EXIT_SUCCESS;
    }
    if (total)
        print_table(&view, rows, stdout);
    json_decref(rows);
    fflush(stdout);
    tell_rest(&view, supervised, total);
    return EXIT_SUCCESS;
}

#define LIST_COMMAND                                                                               \
    .alias = "ls", .arguments = "[NAME...]",                                                       \
    .details = "Asks the supervisor or, if none runs, the VMs themselves. REASON is shown when "   \
               "something is not as it should be. On a narrow terminal columns that matter less "  \
               "are left out.\n"                                                                   \
               "\n"                                                                                \
               "  pgsup list web db --columns name,state,pid\n"                                    \
               "  pgsup list --state failed -q\n"                                                  \
               "  pgsup list --sort -uptime -w",                                                   \
    .options = options, .max_arguments = COMMAND_MANY, .completes = COMPLETES_INSTANCES,           \
    .needs = NEEDS_HOME, .run = run_list

const struct command cmd_list = {
    .path = "list",
    .summary = "Show all instances and their states",
    LIST_COMMAND,
    .section = SECTION_REACH,
};

const struct command cmd_instance_list = {
    .path = "instance list",
    .summary = "Show all instances and their states, as `pgsup list` does",
    LIST_COMMAND,
    .section = SECTION_CLOUD,
};
