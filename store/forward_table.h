/* Ports of the host that are forwarded to guests, by user networking. The one for SSH is not among
 * them: it belongs to the instance. */
#pragma once

#include "store/store.h"

#include <stddef.h>

struct store_forward {
    int64_t instance;
    char *name;         /* of the instance, joined */
    char *protocol;     /* "tcp" or "udp" */
    char *host_address; /* dotted; "0.0.0.0": every one of the host */
    uint16_t host_port, guest_port;
};
struct store_forwards {
    struct store_forward *items;
    size_t count;
};

/* Of one instance, or with 0 of all; by instance, protocol and port. */
bool forward_table_list(struct store *store, int64_t instance, struct store_forwards *forwards,
                        struct error *error);
bool forward_table_add(struct store *store, const struct store_forward *forward,
                       struct error *error);
/* found: whether it was there. */
bool forward_table_remove(struct store *store, const struct store_forward *forward, bool *found,
                          struct error *error);
void store_forward_done(struct store_forward *forward);
void store_forwards_done(struct store_forwards *forwards);
