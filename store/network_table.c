#include "network_table.h"

#include "base/alloc.h"
#include "base/name.h"
#include "base/nearest.h"
#include "store/query.h"

#include <stdlib.h>
#include <string.h>

static void network_read_row(struct query *query, struct store_network *network) {
    network->id = query_column_number(query);
    network->name = query_column_text(query);
    network->kind = query_column_text(query);
    network->interface = query_column_text(query);
    network->subnet = query_column_text(query);
    network->domain = query_column_text(query);
    network->created_ms = query_column_number(query);
    network->is_lab = query_column_number(query) != 0;
}

bool network_table_list(struct store *store, struct store_networks *networks, struct error *error) {
    struct query query;
    if (!query_open(store, HOME_NETWORK_LIST, &query, error))
        return false;
    while (query_row(&query, error)) {
        networks->items =
            alloc_resize(networks->items, (networks->count + 1) * sizeof *networks->items);
        networks->items[networks->count] = (struct store_network){0};
        network_read_row(&query, &networks->items[networks->count++]);
    }
    if (query_close(&query))
        return true;
    store_networks_done(networks);
    return false;
}

/* Names the network that was probably meant. */
static bool network_fail_absent(struct store *store, const char *name, struct error *error) {
    struct store_networks all = {0};
    struct nearest nearest;
    scoped(alloc_release) char *shown = name_printable(name, strlen(name), 40);
    nearest_init(&nearest, name, strlen(name));
    network_table_list(store, &all, NULL);
    for (size_t i = 0; i < all.count; i++)
        nearest_offer(&nearest, all.items[i].name);
    if (nearest.best)
        error_set(error, ERROR_NOT_FOUND, "there is no network \"%s\": did you mean \"%s\"?", shown,
                  nearest.best);
    else
        error_set(error, ERROR_NOT_FOUND,
                  "there is no network \"%s\": `pgsup network list` shows those that there are",
                  shown);
    store_networks_done(&all);
    return false;
}

bool network_table_get(struct store *store, const char *name, struct store_network *network,
                       struct error *error) {
    struct query query;
    if (!query_open(store, HOME_NETWORK_GET, &query, error))
        return false;
    query_bind_text(&query, name);
    bool found = query_row(&query, error);
    if (found)
        network_read_row(&query, network);
    if (!query_close(&query))
        return false;
    return found || network_fail_absent(store, name, error);
}

bool network_table_add(struct store *store, const struct store_network *network,
                       struct error *error) {
    struct query query;
    if (!query_open(store, HOME_NETWORK_ADD, &query, error))
        return false;
    query_bind_text(&query, network->name);
    query_bind_text(&query, network->kind);
    query_bind_text(&query, network->interface);
    query_bind_text(&query, network->subnet);
    query_bind_text(&query, network->domain);
    query_bind_number(&query, network->created_ms);
    return query_finish(&query, error);
}

bool network_table_remove(struct store *store, int64_t id, struct error *error) {
    struct query query;
    if (!query_open(store, HOME_NETWORK_REMOVE, &query, error))
        return false;
    query_bind_number(&query, id);
    return query_finish(&query, error);
}

bool network_table_get_lab(struct store *store, struct store_network *network,
                           struct error *error) {
    struct query query;
    if (!query_open(store, HOME_NETWORK_GET_LAB, &query, error))
        return false;
    if (query_row(&query, error))
        network_read_row(&query, network);
    return query_close(&query);
}

bool network_table_set_lab(struct store *store, const char *name, struct error *error) {
    struct query query;
    if (!query_open(store, HOME_NETWORK_SET_LAB, &query, error))
        return false;
    query_bind_text(&query, name);
    return query_finish(&query, error);
}

bool network_table_cloud_members(struct store *store, struct store_nics *members,
                                 struct error *error) {
    struct query query;
    if (!query_open(store, CLOUD_MEMBER_LIST, &query, error))
        return false;
    while (query_row(&query, error)) {
        members->items =
            alloc_resize(members->items, (members->count + 1) * sizeof *members->items);
        struct store_nic *member = &members->items[members->count++];
        *member = (struct store_nic){.instance = query_column_number(&query)};
        member->name = query_column_text(&query);
        member->ip4 = query_column_text(&query);
    }
    if (query_close(&query))
        return true;
    store_nics_done(members);
    return false;
}

bool network_table_revision(struct store *store, int64_t *revision, struct error *error) {
    struct query query;
    if (!query_open(store, HOME_NETWORK_REVISION, &query, error))
        return false;
    *revision = query_row(&query, error) ? query_column_number(&query) : 0;
    return query_close(&query);
}

void store_network_done(struct store_network *network) {
    free(network->name);
    free(network->kind);
    free(network->interface);
    free(network->subnet);
    free(network->domain);
    *network = (struct store_network){0};
}

void store_networks_done(struct store_networks *networks) {
    for (size_t i = 0; i < networks->count; i++)
        store_network_done(&networks->items[i]);
    free(networks->items);
    *networks = (struct store_networks){0};
}
