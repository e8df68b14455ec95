#include "cli/link/list_rows.h"

#include "base/alloc.h"
#include "base/natural.h"
#include "cli/link/selection.h"
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

static bool check_group(const struct home *home, const char *wanted, struct error *error) {
    struct store_instances all = {0};
    bool found = false;
    if (!wanted)
        return true;
    if (!instance_table_list(home->store, &all, error))
        return false;
    for (size_t i = 0; !found && i < all.count; i++)
        found = is_in_group(&all.items[i], wanted);
    store_instances_done(&all);
    return found || selection_fail_group(wanted, error);
}

bool list_rows_check(const struct home *home, const struct list_choice *choice,
                     struct error *error) {
    for (size_t i = 0; i < choice->name_count; i++) {
        struct store_instance instance = {0};
        if (!instance_table_get(home->store, choice->names[i], &instance, error))
            return false;
        store_instance_done(&instance);
    }
    return check_state(choice->state, error) && check_group(home, choice->group, error);
}

/* --- the order --- */

struct sorted {
    const struct instance_row *row;
    struct list_value value;
    bool descending;
};

/* Those without a value come last. */
static int compare_rows(const void *left, const void *right) {
    const struct sorted *a = left, *b = right;
    int order = list_value_compare(&a->value, &b->value);
    if (a->descending && a->value.known && b->value.known)
        order = -order;
    return order ? order : natural_compare(a->row->instance->name, b->row->instance->name);
}

static struct sorted sorted_of(const struct list_choice *choice, const struct instance_row *row) {
    return (struct sorted){row, choice->sort->value(row), choice->descending};
}

/* As those are that were made in their order. */
static bool is_sorted(const struct list_choice *choice, const struct list_rows *list) {
    for (size_t i = 1; i < list->count; i++) {
        struct sorted before = sorted_of(choice, &list->items[i - 1]);
        struct sorted after = sorted_of(choice, &list->items[i]);
        if (compare_rows(&before, &after) > 0)
            return false;
    }
    return true;
}

static void sort_rows(const struct list_choice *choice, struct list_rows *list) {
    if (is_sorted(choice, list))
        return;
    struct sorted *sorted = alloc_zero((list->count + 1) * sizeof *sorted);
    struct instance_row *rows = alloc_zero((list->count + 1) * sizeof *rows);
    for (size_t i = 0; i < list->count; i++)
        sorted[i] = sorted_of(choice, &list->items[i]);
    qsort(sorted, list->count, sizeof *sorted, compare_rows);
    for (size_t i = 0; i < list->count; i++)
        rows[i] = *sorted[i].row;
    free(sorted);
    free(list->items);
    list->items = rows;
}

/* --- the rows --- */

static void choose_rows(const struct list_choice *choice, struct list_rows *list) {
    list->items = alloc_zero((list->total + 1) * sizeof *list->items);
    for (size_t i = 0; i < list->total; i++) {
        const struct store_instance *instance = &list->all.instances.items[i];
        struct instance_row *row = &list->items[list->count];
        if (!is_named(choice, instance->name) || !is_in_group(instance, choice->group))
            continue;
        instance_rows_read(&list->all, instance, row);
        list->count += !choice->state || is_in_state(row->now.state, choice->state);
    }
}

bool list_rows_collect(struct home *home, const struct list_choice *choice, struct list_rows *list,
                       struct error *error) {
    enum instance_rows_form form =
        choice->whole || choice->group ? INSTANCE_ROWS_WHOLE : INSTANCE_ROWS_BRIEF;
    *list = (struct list_rows){0};
    if (!instance_rows_open(home, NULL, form, &list->all, error))
        return false;
    list->supervised = list->all.vms.client != NULL;
    list->total = list->all.instances.count;
    choose_rows(choice, list);
    sort_rows(choice, list);
    return true;
}

json_t *list_rows_json(const struct list_rows *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, instance_row_object(&list->items[i], &list->all.output));
    return array;
}

void list_rows_done(struct list_rows *list) {
    free(list->items);
    instance_rows_close(&list->all);
    *list = (struct list_rows){0};
}
