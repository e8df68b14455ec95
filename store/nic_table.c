#include "nic_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdlib.h>

static void nic_read_row(struct query *query, struct store_nic *nic) {
    nic->instance = query_column_number(query);
    nic->name = query_column_text(query);
    nic->position = (int)query_column_number(query);
    nic->kind = query_column_text(query);
    nic->interface = query_column_text(query);
    nic->mac = query_column_text(query);
    nic->ip4 = query_column_text(query);
    nic->network = query_column_number(query);
    nic->network_name = query_column_text(query);
}

bool nic_table_list(struct store *store, int64_t instance, struct store_nics *nics,
                    struct error *error) {
    struct query query;
    if (!query_open(store, instance ? NIC_LIST_INSTANCE : NIC_LIST, &query, error))
        return false;
    if (instance)
        query_bind_number(&query, instance);
    while (query_row(&query, error)) {
        nics->items = alloc_resize(nics->items, (nics->count + 1) * sizeof *nics->items);
        nics->items[nics->count] = (struct store_nic){0};
        nic_read_row(&query, &nics->items[nics->count++]);
    }
    if (query_close(&query))
        return true;
    store_nics_done(nics);
    return false;
}

bool nic_table_add(struct store *store, const struct store_nic *nic, struct error *error) {
    struct query query;
    if (!query_open(store, NIC_ADD, &query, error))
        return false;
    query_bind_number(&query, nic->instance);
    query_bind_number(&query, nic->position);
    query_bind_text(&query, nic->kind);
    query_bind_text(&query, nic->interface);
    query_bind_text(&query, nic->mac);
    query_bind_text(&query, nic->ip4);
    query_bind_number(&query, nic->network);
    return query_finish(&query, error);
}

bool nic_table_remove(struct store *store, int64_t instance, int position, struct error *error) {
    struct query query;
    if (!query_open(store, NIC_REMOVE, &query, error))
        return false;
    query_bind_number(&query, instance);
    query_bind_number(&query, position);
    return query_finish(&query, error);
}

void store_nic_done(struct store_nic *nic) {
    free(nic->name);
    free(nic->kind);
    free(nic->interface);
    free(nic->mac);
    free(nic->ip4);
    free(nic->network_name);
    *nic = (struct store_nic){0};
}

void store_nics_done(struct store_nics *nics) {
    for (size_t i = 0; i < nics->count; i++)
        store_nic_done(&nics->items[i]);
    free(nics->items);
    *nics = (struct store_nics){0};
}
