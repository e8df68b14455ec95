#include "home/access/guest_port.h"

#include "base/alloc.h"
#include "base/tcp_owner.h"

#include <arpa/inet.h>

bool guest_port_check(const struct store_instance *instance, pid_t qemu, struct error *error) {
    const struct tcp_socket port = {.local = {INADDR_LOOPBACK, instance->ssh_port}};
    if (instance->ssh_port == 0 || tcp_owner_is(qemu, &port) != TCP_OWNER_OTHER)
        return true;
    scoped(alloc_release) char *other = tcp_owner_describe(&port);
    return error_set(error, ERROR_WRONG_STATE,
                     "nothing was sent to %s: on port %u of 127.0.0.1 not its QEMU (process %ld) "
                     "listens, but %s; stop that one, or restart %s if its port was changed",
                     instance->name, instance->ssh_port, (long)qemu, other, instance->name);
}
