#include "forward_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdlib.h>

static void read_row(struct query *query, struct store_forward *forward) {
    forward->instance = query_take_number(query);
    forward->name = query_take_text(query);
    forward->protocol = query_take_text(query);
    forward->host_address = query_take_text(query);
    forward->host_port = (uint16_t)query_take_number(query);
    forward->guest_port = (uint16_t)query_take_number(query);
}

bool forward_table_list(struct store *store, int64_t instance, struct store_forwards *forwards,
                        struct error *error) {
    struct query query;
    if (!query_open(store, FORWARD_LIST, &query, error))
        return false;
    query_give_number(&query, instance);
    while (query_row(&query, error)) {
        forwards->items =
            alloc_resize(forwards->items, (forwards->count + 1) * sizeof *forwards->items);
        forwards->items[forwards->count] = (struct store_forward){0};
        read_row(&query, &forwards->items[forwards->count++]);
    }
    if (query_close(&query))
        return true;
    store_forwards_done(forwards); /* half a list is none */
    return false;
}

/* The parameters of both statements. */
static void give_row(struct query *query, const struct store_forward *forward) {
    query_give_number(query, forward->instance);
    query_give_text(query, forward->protocol);
    query_give_text(query, forward->host_address);
    query_give_number(query, forward->host_port);
    query_give_number(query, forward->guest_port);
}

bool forward_table_add(struct store *store, const struct store_forward *forward,
                       struct error *error) {
    struct query query;
    if (!query_open(store, FORWARD_ADD, &query, error))
        return false;
    give_row(&query, forward);
    return query_finish(&query, error);
}

bool forward_table_remove(struct store *store, const struct store_forward *forward, bool *found,
                          struct error *error) {
    struct query query;
    if (!query_open(store, FORWARD_REMOVE, &query, error))
        return false;
    give_row(&query, forward);
    if (!query_finish(&query, error))
        return false;
    *found = query_changes(store) > 0;
    return true;
}

void store_forward_done(struct store_forward *forward) {
    free(forward->name);
    free(forward->protocol);
    free(forward->host_address);
    *forward = (struct store_forward){0};
}

void store_forwards_done(struct store_forwards *forwards) {
    for (size_t i = 0; i < forwards->count; i++)
        store_forward_done(&forwards->items[i]);
    free(forwards->items);
    *forwards = (struct store_forwards){0};
}
