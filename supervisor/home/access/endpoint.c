#include "home/access/endpoint.h"

#include <string.h>

static void copy_text(const char *from, char *text, size_t size) {
    size_t length = from ? strnlen(from, size - 1) : 0;
    if (length)
        memcpy(text, from, length);
    text[length] = 0;
}

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
    copy_text(source, endpoint->source, sizeof endpoint->source);
    copy_text(address, endpoint->address, sizeof endpoint->address);
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
