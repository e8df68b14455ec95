#include "home/instance/port_owners.h"

#include "base/alloc.h"
#include "store/claim.h"
#include "store/cloud_table.h"

#include <errno.h>
#include <string.h>

static bool read_own(struct store *store, struct port_owners *owners, struct error *error) {
    struct store_cloud cloud = {0};
    bool good = cloud_table_get(store, &cloud, error);
    owners->phone_home_port = cloud.phone_home_port;
    store_cloud_done(&cloud);
    return good;
}

bool port_owners_list(struct store *store, struct port_owners *owners, struct error *error) {
    owners->store = store;
    if (read_own(store, owners, error) &&
        instance_table_list_brief(store, &owners->instances, error) &&
        forward_table_list(store, 0, &owners->forwards, error))
        return true;
    port_owners_done(owners);
    return false;
}

void port_owners_done(struct port_owners *owners) {
    store_instances_done(&owners->instances);
    store_forwards_done(&owners->forwards);
}

void port_owners_add(struct port_owners *owners, const struct store_forward *forward) {
    struct store_forwards *all = &owners->forwards;
    all->items = alloc_resize(all->items, (all->count + 1) * sizeof *all->items);
    struct store_forward *copy = &all->items[all->count++];
    *copy = *forward;
    copy->name = alloc_string(forward->name);
    copy->transport = forward->transport;
    copy->host_address = alloc_string(forward->host_address);
}

static bool same_address(const char *one, const char *other) {
    return strcmp(one, other) == 0 || strcmp(one, PORT_ANY_ADDRESS) == 0 ||
           strcmp(other, PORT_ANY_ADDRESS) == 0;
}

static const char *ssh_owner(const struct port *port, const struct port_owners *owners) {
    const struct store_instances *instances = &owners->instances;
    if (port->transport != TRANSPORT_TCP || !same_address(port->address, PORT_LOOPBACK))
        return NULL;
    for (size_t i = 0; i < instances->count; i++)
        if (instances->items[i].ssh_port == port->number)
            return instances->items[i].name;
    return NULL;
}

static const char *forward_owner(const struct port *port, const struct port_owners *owners) {
    const struct store_forwards *forwards = &owners->forwards;
    for (size_t i = 0; i < forwards->count; i++) {
        const struct store_forward *each = &forwards->items[i];
        if (each->host_port == port->number && each->transport == port->transport &&
            same_address(each->host_address, port->address))
            return each->name;
    }
    return NULL;
}

static bool is_own(const struct port *port, const struct port_owners *owners) {
    return port->transport == TRANSPORT_TCP && port->number == owners->phone_home_port;
}

bool port_owners_check(const struct port *port, const struct port_owners *owners,
                       struct error *error) {
    if (is_own(port, owners))
        return error_set(
            error, ERROR_EXISTS,
            "port %u is pgsup's own, where guests fetch their seed and phone home: use "
            "another one, or change that by `pgsup cloud set --ph-port PORT`",
            port->number);
    const char *owner = ssh_owner(port, owners);
    if (owner)
        return error_set(error, ERROR_EXISTS,
                         "port %u is the SSH port of the instance \"%s\": choose another one",
                         port->number, owner);
    owner = forward_owner(port, owners);
    if (owner)
        return error_set(
            error, ERROR_EXISTS,
            "port %u of %s is already forwarded to the instance \"%s\": use another one",
            port->number, port->address, owner);
    if (port_is_free(port))
        return true;
    if (errno == EACCES)
        return error_set(error, ERROR_INVALID,
                         "port %u of %s can be used only by root: use 1024 or above", port->number,
                         port->address);
    if (errno == EADDRNOTAVAIL)
        return error_set(
            error, ERROR_INVALID,
            "%s is not an address of this host: use one of its addresses, or %s for all",
            port->address, PORT_ANY_ADDRESS);
    return error_set(error, ERROR_EXISTS,
                     "port %u of %s is in use by another program: use another one", port->number,
                     port->address);
}

uint16_t port_owners_choose(uint16_t wanted, const struct port_owners *owners,
                            struct error *error) {
    struct port port = {PORT_LOOPBACK, .number = wanted};
    if (wanted)
        return port_owners_check(&port, owners, error) ? wanted : 0;
    for (unsigned number = PORT_FIRST_FORWARD; number <= UINT16_MAX; number++) {
        port.number = (uint16_t)number;
        if (!is_own(&port, owners) && !ssh_owner(&port, owners) && !forward_owner(&port, owners) &&
            !claim_has_port(owners->store, port.number) && port_is_free(&port))
            return port.number;
    }
    error_set(error, ERROR_FAILED, "no port from %u upwards is free for SSH", PORT_FIRST_FORWARD);
    return 0;
}
