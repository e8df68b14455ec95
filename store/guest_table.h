/* What a guest reported about itself, one row per instance; it reports again under another
 * instance-id. The texts come from the guest: they are checked, but not yet made printable. */
#pragma once

#include "store/store.h"

struct store_guest {
    int64_t phoned_home_ms; /* 0: never */
    char *instance_id;      /* of the meta-data with which it phoned home; NULL: never */
    char *hostname;
    char *address;          /* last known IPv4 */
    char *address_source;   /* "static", "user-net", "phone-home", "neighbour", "lease", "agent" */
    int64_t address_ms;     /* when it was learned; 0: never */
    char *host_keys;        /* the trusted ones, "type base64" lines */
    char *host_key_problem; /* a sentence, when it reported keys that it was not given; NULL */
    int64_t provisioned_ms; /* 0: never */
    char *provision_result; /* "ok", "failed: …", "skipped: …"; NULL: never run */
    bool trusts_cache; /* it was seeded over HTTP, is seeded in another way now, and was not cleaned
                          since; guest_table_put() keeps it */
};

/* An instance without a row gives an empty struct, not an error. */
bool guest_table_get(struct store *store, int64_t instance, struct store_guest *guest,
                     struct error *error);
/* Where each guest is that has told, in the order of the instances' ids: address, address_source
 * and address_ms of a store_guest. */
struct store_address {
    int64_t instance;
    char *address, *address_source;
    int64_t address_ms;
};
struct store_addresses {
    struct store_address *items;
    size_t count;
};
bool guest_table_list_addresses(struct store *store, struct store_addresses *addresses,
                                struct error *error);
const struct store_address *store_addresses_find(const struct store_addresses *addresses,
                                                 int64_t instance); /* NULL: none */
void store_addresses_done(struct store_addresses *addresses);
bool guest_table_put(struct store *store, int64_t instance, const struct store_guest *guest,
                     struct error *error);
/* Writes only address, source and time; creates the row of a guest that has not phoned home. */
bool guest_table_set_address(struct store *store, int64_t instance, const struct store_guest *guest,
                             struct error *error);
/* Writes only the result of provisioning; does nothing without a row. */
bool guest_table_set_provisioned(struct store *store, int64_t instance, int64_t at_ms,
                                 const char *result, struct error *error);
/* Creates the row of a guest that has not phoned home. */
bool guest_table_set_trust(struct store *store, int64_t instance, bool trusts_cache,
                           struct error *error);
/* Removing an absent row succeeds. */
bool guest_table_remove(struct store *store, int64_t instance, struct error *error);
void store_guest_done(struct store_guest *guest);
