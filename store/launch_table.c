#include "launch_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdlib.h>

const char *store_phase_word(enum store_phase phase) {
#define WORD(name, word) [name] = word,
    static const char *const words[] = {STORE_PHASES(WORD)};
#undef WORD
    return words[phase];
}

static void bind_row(struct query *query, const struct store_launch *launch) {
    query_bind_number(query, launch->instance);
    query_bind_text(query, launch->tag);
    query_bind_number(query, launch->pid);
    query_bind_number(query, (int64_t)launch->pid_start);
    query_bind_text(query, launch->state);
    query_bind_text(query, launch->reason);
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        query_bind_number(query, launch->phases_ms[phase]);
    query_bind_number(query, launch->ended_ms);
    query_bind_text(query, launch->end_cause);
    query_bind_text(query, launch->end_text);
    query_bind_text(query, launch->serial_tail);
    query_bind_number(query, launch->presses);
}

static void launch_read_row(struct query *query, struct store_launch *launch) {
    launch->number = query_column_number(query);
    launch->instance = query_column_number(query);
    launch->tag = query_column_text(query);
    launch->pid = query_column_number(query);
    launch->pid_start = (uint64_t)query_column_number(query);
    launch->state = query_column_text(query);
    launch->reason = query_column_text(query);
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        launch->phases_ms[phase] = query_column_number(query);
    launch->ended_ms = query_column_number(query);
    launch->end_cause = query_column_text(query);
    launch->end_text = query_column_text(query);
    launch->serial_tail = query_column_text(query);
    launch->presses = query_column_number(query);
    launch->boot = query_column_number(query);
}

bool launch_table_add(struct store *store, int64_t instance, struct store_launch *launch,
                      struct error *error) {
    struct query query;
    if (!query_open(store, LAUNCH_ADD, &query, error))
        return false;
    launch->instance = instance;
    bind_row(&query, launch);
    if (!query_finish(&query, error))
        return false;
    launch->number = query_last_id(store);
    if (!launch->tag)
        launch->tag = alloc_printf(STORE_LAUNCH_TAG "%lld", (long long)launch->number);
    return true;
}

bool launch_table_put(struct store *store, const struct store_launch *launch, struct error *error) {
    struct query query;
    if (!query_open(store, LAUNCH_PUT, &query, error))
        return false;
    bind_row(&query, launch);
    query_bind_number(&query, launch->number);
    return query_finish(&query, error);
}

static bool read_rows(struct query *query, struct store_launches *launches, struct error *error) {
    while (query_row(query, error)) {
        launches->items =
            alloc_resize(launches->items, (launches->count + 1) * sizeof *launches->items);
        launch_read_row(query, &launches->items[launches->count++]);
    }
    if (query_close(query))
        return true;
    store_launches_done(launches);
    return false;
}

bool launch_table_list(struct store *store, int64_t instance, unsigned limit,
                       struct store_launches *launches, struct error *error) {
    struct query query;
    if (!query_open(store, LAUNCH_LIST, &query, error))
        return false;
    query_bind_number(&query, instance);
    query_bind_number(&query, limit);
    return read_rows(&query, launches, error);
}

bool launch_table_list_last(struct store *store, struct store_launches *launches,
                            struct error *error) {
    struct query query;
    return query_open(store, LAUNCH_LIST_LAST, &query, error) && read_rows(&query, launches, error);
}

static int compare_instances(const void *key, const void *item) {
    int64_t instance = *(const int64_t *)key;
    const struct store_launch *launch = item;
    return (instance > launch->instance) - (instance < launch->instance);
}

const struct store_launch *store_launches_find(const struct store_launches *launches,
                                               int64_t instance) {
    if (!launches->count)
        return NULL;
    return bsearch(&instance, launches->items, launches->count, sizeof *launches->items,
                   compare_instances);
}

bool launch_table_last(struct store *store, int64_t instance, struct store_launch *launch,
                       struct error *error) {
    struct store_launches launches = {0};
    if (!launch_table_list(store, instance, 1, &launches, error))
        return false;
    bool found = launches.count > 0;
    if (found) {
        *launch = launches.items[0];
        launches.items[0] = (struct store_launch){0};
    } else {
        error_set(error, ERROR_NOT_FOUND, "it was never started");
    }
    store_launches_done(&launches);
    return found;
}

void store_launch_done(struct store_launch *launch) {
    free(launch->tag);
    free(launch->state);
    free(launch->reason);
    free(launch->end_cause);
    free(launch->end_text);
    free(launch->serial_tail);
    *launch = (struct store_launch){0};
}

void store_launches_done(struct store_launches *launches) {
    for (size_t i = 0; i < launches->count; i++)
        store_launch_done(&launches->items[i]);
    free(launches->items);
    *launches = (struct store_launches){0};
}
