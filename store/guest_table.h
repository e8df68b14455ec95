/* What a guest told of itself, per instance; told anew under another instance-id. Text here comes
 * from the guest and has been checked, not yet made printable. */
#pragma once

#include "store/store.h"

struct store_guest {
    int64_t phoned_home_ms; /* 0: never */
    char *instance_id;      /* as which it did: its meta-data's then; NULL: never */
    char *hostname;
    char *address;          /* last known IPv4 */
    char *address_source;   /* "static", "user-net", "phone-home", "neighbour", "agent" */
    int64_t address_ms;     /* when it was learned; 0: never */
    char *host_keys;        /* "type base64" lines, those that are trusted */
    char *host_key_problem; /* a sentence, when it told others than it was given; NULL */
    int64_t provisioned_ms; /* 0: never */
    char *provision_result; /* "ok", "failed: …", "skipped: …"; NULL: never run */
    bool trusts_cache; /* it was seeded over HTTP, is in another way now, and was not cleaned since;
                          kept by guest_table_put() */
};

/* An instance without a row gives an empty struct, not an error. */
bool guest_table_get(struct store *store, int64_t instance, struct store_guest *guest,
                     struct error *error);
bool guest_table_put(struct store *store, int64_t instance, const struct store_guest *guest,
                     struct error *error);
/* Only its address, source and time; makes the row of a guest that has not phoned home. */
bool guest_table_set_address(struct store *store, int64_t instance, const struct store_guest *guest,
                             struct error *error);
/* Only what provisioning came to; without a row nothing happens. */
bool guest_table_set_provisioned(struct store *store, int64_t instance, int64_t at_ms,
                                 const char *result, struct error *error);
/* Makes the row of a guest that has not phoned home. */
bool guest_table_set_trust(struct store *store, int64_t instance, bool trusts_cache,
                           struct error *error);
/* What is not there is removed well. */
bool guest_table_remove(struct store *store, int64_t instance, struct error *error);
void store_guest_done(struct store_guest *guest);
