/* Where the guest of an instance is reached from this host. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/guest_table.h"
#include "store/instance_table.h"

#define ENDPOINT_SSH_PORT 22 /* of a guest */

/* The address and port on which ssh reaches the guest from this host; address "" when not known
 * yet. With user networking the guest's own address is known to nobody but QEMU: it is reached at
 * this host's loopback. */
struct endpoint {
    char address[64];
    uint16_t port;
    char source[16];  /* store/guest_table.h: address_source; "" when not known */
    int64_t since_ms; /* when a learned one was learned; 0: it was defined, not learned */
};
/* By a guest row that the caller has. */
void endpoint_of(const struct store_instance *instance, const struct store_guest *guest,
                 struct endpoint *endpoint);
bool endpoint_find(struct home *home, const struct store_instance *instance,
                   struct endpoint *endpoint, struct error *error);
