#include "cli/link/selection.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/access/host_groups.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdlib.h>
#include <string.h>

static size_t selection_find(const struct strv *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return i;
    return SELECTION_NONE;
}

static void add(struct strv *names, const char *name) {
    if (selection_find(names, name) == SELECTION_NONE)
        strv_push(names, name);
}

bool selection_fail_group(const char *group, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(group, strlen(group), 60);
    return error_set(error, ERROR_NOT_FOUND,
                     "no instance is in the group \"%s\": `pgsup info NAME` shows groups", shown);
}

static bool add_group(const struct store_instances *all, const char *group, struct strv *names,
                      struct error *error) {
    bool any = false;
    for (size_t i = 0; i < all->count; i++) {
        scoped(strv_done) struct strv groups = {0};
        host_groups_list(all->items[i].groups, &groups);
        if (selection_find(&groups, group) == SELECTION_NONE)
            continue;
        any = true;
        add(names, all->items[i].name);
    }
    return any || selection_fail_group(group, error);
}

static bool add_groups(const struct store_instances *all, char *const *groups, struct strv *names,
                       struct error *error) {
    for (; *groups; groups++)
        if (!add_group(all, *groups, names, error))
            return false;
    return true;
}

static void set_order(const struct store_instances *all, struct selection *selection) {
    selection->after = alloc_zero((selection->names.count + 1) * sizeof *selection->after);
    for (size_t i = 0; i < selection->names.count; i++)
        selection->after[i] = SELECTION_NONE;
    for (size_t i = 0; i < all->count; i++) {
        size_t index = selection_find(&selection->names, all->items[i].name);
        if (index != SELECTION_NONE && all->items[i].after)
            selection->after[index] = selection_find(&selection->names, all->items[i].after);
    }
}

static bool is_every(const struct invocation *invocation) {
    return options_find(invocation->options.specs, "all", strlen("all")) &&
           invocation_flag(invocation, "all");
}

/* The groups, or all, and the order. */
static bool read_others(const struct invocation *invocation, struct selection *selection,
                        struct error *error) {
    struct store_instances all = {0};
    if (!instance_table_list(invocation->home->store, &all, error))
        return false;
    bool good = add_groups(&all, invocation_values(invocation, "group"), &selection->names, error);
    for (size_t i = 0; good && is_every(invocation) && i < all.count; i++)
        add(&selection->names, all.items[i].name);
    if (good)
        set_order(&all, selection);
    store_instances_done(&all);
    return good;
}

/* One alone waits for no other: what the others are is not read. */
bool selection_read(const struct invocation *invocation, struct selection *selection,
                    struct error *error) {
    for (size_t i = 0; i < invocation_argument_count(invocation); i++)
        add(&selection->names, invocation_argument(invocation, i));
    if (selection->names.count != 1 || invocation_given(invocation, "group") ||
        is_every(invocation))
        return read_others(invocation, selection, error);
    set_order(&(struct store_instances){0}, selection);
    return true;
}

void selection_done(struct selection *selection) {
    strv_done(&selection->names);
    free(selection->after);
    *selection = (struct selection){0};
}

bool selection_is_due(const struct selection *selection, enum selection_order order,
                      const bool *done, size_t index) {
    size_t before = selection->after[index];
    if (order == SELECTION_AFTER)
        return before == SELECTION_NONE || done[before];
    for (size_t i = 0; order == SELECTION_REVERSE && i < selection->names.count; i++)
        if (selection->after[i] == index && !done[i])
            return false;
    return true;
}

bool selection_is_awaited(const struct selection *selection, enum selection_order order,
                          size_t index) {
    for (size_t i = 0; order == SELECTION_AFTER && i < selection->names.count; i++)
        if (selection->after[i] == index)
            return true;
    return order == SELECTION_REVERSE && selection->after[index] != SELECTION_NONE;
}
