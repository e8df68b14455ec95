#include "cli/link/list_rows.h"

#include "base/alloc.h"
#include "base/natural.h"
#include "cli/link/instance_row.h"
#include "cli/output/vm_label.h"
#include "home/access/host_groups.h"
#include "machine/core/lifecycle.h"
#include "machine/core/suspend_tag.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_named(const struct list_choice *choice, const char *name) {
    for (size_t i = 0; i < choice->name_count; i++)
        if (strcmp(choice->names[i], name) == 0)
            return true;
    return choice->name_count == 0;
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
    return !wanted || is_in_state(SUSPEND_STATE, wanted) ||
           error_set(error, ERROR_USAGE,
                     "\"%.40s\" is not a state: use ready, booting, running, paused, suspended, "
                     "stopped, failed or lost",
                     wanted);
}

bool list_rows_check(const struct home *home, const struct list_choice *choice,
                     struct error *error) {
    for (size_t i = 0; i < choice->name_count; i++) {
        struct store_instance instance = {0};
        if (!instance_table_get(home->store, choice->names[i], &instance, error))
            return false;
        store_instance_done(&instance);
    }
    return check_state(choice->state, error);
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

static json_t *sort_rows(const struct list_choice *choice, json_t *rows) {
    size_t count = json_array_size(rows);
    struct sorted *sorted = alloc_zero((count + 1) * sizeof *sorted);
    json_t *result = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_array_get(rows, i);
        const json_t *value = json_object_get(row, choice->sort_key);
        sorted[i] = (struct sorted){row, json_string_value(json_object_get(row, "name")),
                                    json_is_null(value) ? NULL : value, choice->descending};
    }
    qsort(sorted, count, sizeof *sorted, compare_rows);
    for (size_t i = 0; i < count; i++)
        json_array_append(result, sorted[i].row);
    free(sorted);
    json_decref(rows);
    return result;
}

static json_t *choose_rows(const struct list_choice *choice, struct instance_rows *open,
                           const struct store_instances *instances) {
    json_t *rows = json_array();
    for (size_t i = 0; i < instances->count; i++) {
        const struct store_instance *instance = &instances->items[i];
        if (!is_named(choice, instance->name) || !is_in_group(instance, choice->group))
            continue;
        json_t *row =
            choice->whole ? instance_rows_get(open, instance) : instance_rows_brief(open, instance);
        const char *state = json_string_value(json_object_get(row, "state"));
        if (!choice->state || is_in_state(state, choice->state))
            json_array_append(rows, row);
        json_decref(row);
    }
    return rows;
}

bool list_rows_collect(struct home *home, const struct list_choice *choice, struct list_rows *list,
                       struct error *error) {
    struct store_instances instances = {0};
    struct instance_rows open;
    if (!(choice->whole ? instance_table_list(home->store, &instances, error)
                        : instance_table_list_brief(home->store, &instances, error)))
        return false;
    bool good = instance_rows_open(
        home, NULL, choice->whole ? INSTANCE_ROWS_WHOLE : INSTANCE_ROWS_BRIEF, &open, error);
    if (good) {
        list->rows = sort_rows(choice, choose_rows(choice, &open, &instances));
        list->supervised = open.vms.client != NULL;
        list->total = instances.count;
        instance_rows_close(&open);
    }
    store_instances_done(&instances);
    return good;
}
