#include "home/access/endpoint.h"

#include "store/guest_table.h"

#include <stdio.h>

bool endpoint_find(struct home *home, const struct store_instance *instance,
                   struct endpoint *endpoint, struct error *error) {
    struct store_guest guest = {0};
    const char *address = instance->ssh_port ? "127.0.0.1" : instance->ip4;
    const char *source = instance->ssh_port ? "user-net" : address ? "static" : NULL;
    endpoint->port = instance->ssh_port ? instance->ssh_port : 22;
    if (!address && !guest_table_get(home->store, instance->id, &guest, error))
        return false;
    if (!address && guest.address) {
        address = guest.address;
        source = guest.address_source;
    }
    endpoint->since_ms = guest.address_ms;
    snprintf(endpoint->source, sizeof endpoint->source, "%s", source ? source : "");
    snprintf(endpoint->address, sizeof endpoint->address, "%s", address ? address : "");
    store_guest_done(&guest);
    return true;
}
