#include "forward_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdlib.h>

static void forward_read_row(struct query *query, struct store_forward *forward) {
    forward->instance = query_column_number(query);
    forward->name = query_column_text(query);
    forward->transport = (enum transport)query_column_word(query, &transport_words, TRANSPORT_TCP);
    forward->host_address = query_column_text(query);
    forward->host_port = (uint16_t)query_column_number(query);
    forward->guest_port = (uint16_t)query_column_number(query);
}

bool forward_table_list(struct store *store, int64_t instance, struct store_forwards *forwards,
                        struct error *error) {
    struct query query;
    if (!query_open(store, FORWARD_LIST, &query, error))
        return false;
    query_bind_number(&query, instance);
    while (query_row(&query, error)) {
        forwards->items =
            alloc_resize(forwards->items, (forwards->count + 1) * sizeof *forwards->items);
        forwards->items[forwards->count] = (struct store_forward){0};
        forward_read_row(&query, &forwards->items[forwards->count++]);
    }
    if (query_close(&query))
        return true;
    store_forwards_done(forwards);
    return false;
}

/* The parameters of both statements. */
static void bind_row(struct query *query, const struct store_forward *forward) {
    query_bind_number(query, forward->instance);
    query_bind_text(query, transport_word(forward->transport));
    query_bind_text(query, forward->host_address);
    query_bind_number(query, forward->host_port);
    query_bind_number(query, forward->guest_port);
}

bool forward_table_add(struct store *store, const struct store_forward *forward,
                       struct error *error) {
    struct query query;
    if (!query_open(store, FORWARD_ADD, &query, error))
        return false;
    bind_row(&query, forward);
    return query_finish(&query, error);
}

bool forward_table_remove(struct store *store, const struct store_forward *forward, bool *found,
                          struct error *error) {
    struct query query;
    if (!query_open(store, FORWARD_REMOVE, &query, error))
        return false;
    bind_row(&query, forward);
    if (!query_finish(&query, error))
        return false;
    *found = query_changes(store) > 0;
    return true;
}

void store_forward_done(struct store_forward *forward) {
    free(forward->name);
    free(forward->host_address);
    *forward = (struct store_forward){0};
}

void store_forwards_done(struct store_forwards *forwards) {
    for (size_t i = 0; i < forwards->count; i++)
        store_forward_done(&forwards->items[i]);
    free(forwards->items);
    *forwards = (struct store_forwards){0};
}
