#include "guest_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdlib.h>

bool guest_table_get(struct store *store, int64_t instance, struct store_guest *guest,
                     struct error *error) {
    struct query query;
    if (!query_open(store, GUEST_GET, &query, error))
        return false;
    query_bind_number(&query, instance);
    *guest = (struct store_guest){0};
    if (query_row(&query, error)) {
        guest->phoned_home_ms = query_column_number(&query);
        guest->instance_id = query_column_text(&query);
        guest->hostname = query_column_text(&query);
        guest->address = query_column_text(&query);
        guest->address_source = query_column_text(&query);
        guest->address_ms = query_column_number(&query);
        guest->host_keys = query_column_text(&query);
        guest->provisioned_ms = query_column_number(&query);
        guest->provision_result = query_column_text(&query);
        guest->host_key_problem = query_column_text(&query);
        guest->trusts_cache = query_column_number(&query) != 0;
    }
    return query_close(&query);
}

bool guest_table_list_addresses(struct store *store, struct store_addresses *addresses,
                                struct error *error) {
    struct query query;
    if (!query_open(store, GUEST_LIST_ADDRESSES, &query, error))
        return false;
    while (query_row(&query, error)) {
        addresses->items =
            alloc_resize(addresses->items, (addresses->count + 1) * sizeof *addresses->items);
        struct store_address *item = &addresses->items[addresses->count++];
        item->instance = query_column_number(&query);
        item->address = query_column_text(&query);
        item->address_source = query_column_text(&query);
        item->address_ms = query_column_number(&query);
    }
    if (query_close(&query))
        return true;
    store_addresses_done(addresses);
    return false;
}

static int compare_instances(const void *key, const void *item) {
    int64_t instance = *(const int64_t *)key;
    const struct store_address *address = item;
    return (instance > address->instance) - (instance < address->instance);
}

const struct store_address *store_addresses_find(const struct store_addresses *addresses,
                                                 int64_t instance) {
    if (!addresses->count)
        return NULL;
    return bsearch(&instance, addresses->items, addresses->count, sizeof *addresses->items,
                   compare_instances);
}

void store_addresses_done(struct store_addresses *addresses) {
    for (size_t i = 0; i < addresses->count; i++) {
        free(addresses->items[i].address);
        free(addresses->items[i].address_source);
    }
    free(addresses->items);
    *addresses = (struct store_addresses){0};
}

bool guest_table_put(struct store *store, int64_t instance, const struct store_guest *guest,
                     struct error *error) {
    struct query query;
    if (!query_open(store, GUEST_PUT, &query, error))
        return false;
    query_bind_number(&query, instance);
    query_bind_number(&query, guest->phoned_home_ms);
    query_bind_text(&query, guest->instance_id);
    query_bind_text(&query, guest->hostname);
    query_bind_text(&query, guest->address);
    query_bind_text(&query, guest->address_source);
    query_bind_number(&query, guest->address_ms);
    query_bind_text(&query, guest->host_keys);
    query_bind_number(&query, guest->provisioned_ms);
    query_bind_text(&query, guest->provision_result);
    query_bind_text(&query, guest->host_key_problem);
    return query_finish(&query, error);
}

bool guest_table_set_address(struct store *store, int64_t instance, const struct store_guest *guest,
                             struct error *error) {
    struct query query;
    if (!query_open(store, GUEST_SET_ADDRESS, &query, error))
        return false;
    query_bind_number(&query, instance);
    query_bind_text(&query, guest->address);
    query_bind_text(&query, guest->address_source);
    query_bind_number(&query, guest->address_ms);
    return query_finish(&query, error);
}

bool guest_table_set_provisioned(struct store *store, int64_t instance, int64_t at_ms,
                                 const char *result, struct error *error) {
    struct query query;
    if (!query_open(store, GUEST_SET_PROVISIONED, &query, error))
        return false;
    query_bind_number(&query, instance);
    query_bind_number(&query, at_ms);
    query_bind_text(&query, result);
    return query_finish(&query, error);
}

bool guest_table_set_trust(struct store *store, int64_t instance, bool trusts_cache,
                           struct error *error) {
    struct query query;
    if (!query_open(store, GUEST_SET_TRUST, &query, error))
        return false;
    query_bind_number(&query, instance);
    query_bind_number(&query, trusts_cache);
    return query_finish(&query, error);
}

bool guest_table_remove(struct store *store, int64_t instance, struct error *error) {
    struct query query;
    if (!query_open(store, GUEST_REMOVE, &query, error))
        return false;
    query_bind_number(&query, instance);
    return query_finish(&query, error);
}

void store_guest_done(struct store_guest *guest) {
    free(guest->instance_id);
    free(guest->hostname);
    free(guest->address);
    free(guest->address_source);
    free(guest->host_keys);
    free(guest->provision_result);
    free(guest->host_key_problem);
    *guest = (struct store_guest){0};
}
