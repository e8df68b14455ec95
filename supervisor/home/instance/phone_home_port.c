#include "home/instance/phone_home_port.h"

#include "home/instance/port_owners.h"
#include "store/transaction.h"

#include <errno.h>

static bool is_taken(const char *address, uint16_t number) {
    const struct port port = {address, .number = number};
    return !port_is_free(&port) && errno == EADDRINUSE;
}

/* 0: none is free. One of the home's own forwards is not free either, though its guest is off. */
static uint16_t choose(const char *address, struct port_owners *owners) {
    owners->phone_home_port = 0;
    for (unsigned number = PHONE_HOME_PORT_FIRST; number <= UINT16_MAX; number++) {
        const struct port port = {address, .number = (uint16_t)number};
        if (port_owners_check(&port, owners, NULL))
            return port.number;
    }
    return 0;
}

static bool put_port(struct home *home, const char *address, struct store_cloud *cloud,
                     struct error *error) {
    struct port_owners owners = {0};
    if (!port_owners_list(home->store, &owners, error))
        return false;
    uint16_t number = choose(address, &owners);
    port_owners_done(&owners);
    if (!number)
        return error_set(error, ERROR_FAILED, "no port from %d upwards is free for seeds",
                         PHONE_HOME_PORT_FIRST);
    cloud->phone_home_port = number;
    return cloud_table_put(home->store, cloud, error);
}

bool phone_home_port_renew(struct home *home, const char *address, struct store_cloud *cloud,
                           bool *changed, struct error *error) {
    *changed = cloud->phone_home_auto && is_taken(address, cloud->phone_home_port);
    return !*changed || (store_begin(home->store, error) &&
                         store_end(home->store, put_port(home, address, cloud, error), error));
}
