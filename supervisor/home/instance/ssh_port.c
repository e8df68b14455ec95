#include "home/instance/ssh_port.h"

#include "base/alloc.h"
#include "home/access/ssh_config.h"
#include "home/instance/port_owners.h"
#include "store/transaction.h"

static bool choose(struct home *home, struct store_instance *instance, struct error *error) {
    struct port_owners owners = {0};
    if (!port_owners_list(home->store, &owners, error))
        return false;
    instance->ssh_port = port_owners_choose(0, &owners, error);
    port_owners_done(&owners);
    return instance->ssh_port && instance_table_update(home->store, instance, error);
}

bool ssh_port_renew(struct home *home, struct instance_facts *facts, char **notice,
                    struct error *error) {
    struct store_instance *instance = &facts->instance;
    struct port port = {PORT_LOOPBACK, .number = instance->ssh_port};
    unsigned before = instance->ssh_port;
    if (!before || instance->ssh_port_given || port_is_free(&port))
        return true;
    if (!store_begin(home->store, error) ||
        !store_end(home->store, choose(home, instance, error), error))
        return false;
    *notice = alloc_printf("port %u of 127.0.0.1, forwarded to the SSH of \"%s\", is in use by "
                           "another program: from now on it is port %u",
                           before, instance->name, instance->ssh_port);
    return ssh_config_write(home, error);
}
