#include "home/access/endpoint.h"

#include <stdio.h>

void endpoint_of(const struct store_instance *instance, const struct store_guest *guest,
                 struct endpoint *endpoint) {
    const char *address = instance->ssh_port ? "127.0.0.1" : instance->ip4;
    const char *source = instance->ssh_port ? "user-net" : address ? "static" : NULL;
    bool learned = store_instance_uses_dhcp(instance) && guest->address;
    if (learned) {
        address = guest->address;
        source = guest->address_source;
    }
    endpoint->port = instance->ssh_port ? instance->ssh_port : ENDPOINT_SSH_PORT;
    endpoint->since_ms = learned ? guest->address_ms : 0;
    snprintf(endpoint->source, sizeof endpoint->source, "%s", source ? source : "");
    snprintf(endpoint->address, sizeof endpoint->address, "%s", address ? address : "");
}

bool endpoint_find(struct home *home, const struct store_instance *instance,
                   struct endpoint *endpoint, struct error *error) {
    struct store_guest guest = {0};
    if (store_instance_uses_dhcp(instance) &&
        !guest_table_get(home->store, instance->id, &guest, error))
        return false;
    endpoint_of(instance, &guest, endpoint);
    store_guest_done(&guest);
    return true;
}
