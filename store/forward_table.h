/* Host ports that user networking forwards to guests, without the port for SSH, which belongs to
 * the instance. */
#pragma once

#include "base/transport.h"
#include "store/store.h"

#include <stddef.h>

struct store_forward {
    int64_t instance;
    char *name; /* of the instance, joined */
    enum transport transport;
    char *host_address; /* dotted; "0.0.0.0": all addresses of the host */
    uint16_t host_port, guest_port;
};
struct store_forwards {
    struct store_forward *items;
    size_t count;
};

/* Lists those of one instance, or of all (0), by instance, protocol and port. */
bool forward_table_list(struct store *store, int64_t instance, struct store_forwards *forwards,
                        struct error *error);
bool forward_table_add(struct store *store, const struct store_forward *forward,
                       struct error *error);
/* found: whether the row existed. */
bool forward_table_remove(struct store *store, const struct store_forward *forward, bool *found,
                          struct error *error);
void store_forward_done(struct store_forward *forward);
void store_forwards_done(struct store_forwards *forwards);
