#include "home/access/guest_port.h"

#include "base/alloc.h"
#include "base/tcp_owner.h"

#include <arpa/inet.h>

bool guest_port_check(const struct store_instance *instance, pid_t qemu, struct error *error) {
    const struct tcp_socket port = {.local = {INADDR_LOOPBACK, instance->ssh_port}};
    enum tcp_owner owner = instance->ssh_port ? tcp_owner_is(qemu, &port) : TCP_OWNER_PROCESS;
    if (owner == TCP_OWNER_PROCESS || owner == TCP_OWNER_UNKNOWN)
        return true;
    if (owner == TCP_OWNER_NOT_NOW)
        return error_set(
            error, ERROR_FAILED,
            "nothing was sent to %s: whether its QEMU (process %ld) listens on port %u "
            "of 127.0.0.1 cannot be told at the moment, as when no more files may be "
            "open: try again",
            instance->name, (long)qemu, instance->ssh_port);
    scoped(alloc_release) char *other = tcp_owner_describe(&port);
    return error_set(error, ERROR_WRONG_STATE,
                     "nothing was sent to %s: on port %u of 127.0.0.1 not its QEMU (process %ld) "
                     "listens, but %s; stop that one, or restart %s if its port was changed",
                     instance->name, instance->ssh_port, (long)qemu, other, instance->name);
}
