#include "home/port.h"

#include "base/alloc.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Asked as QEMU does (SO_REUSEADDR): connections that are only closing down do not count. Not
 * listened on, so that two that ask at once do not take each other for a program. */
bool port_is_free(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int yes = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool free = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    int number = errno;
    file_release(&fd);
    errno = number;
    return free;
}

static const char *owner_of(uint16_t port, const struct store_instances *instances) {
    for (size_t i = 0; i < instances->count; i++)
        if (instances->items[i].ssh_port == port)
            return instances->items[i].name;
    return NULL;
}

static bool check_wanted(uint16_t port, const struct store_instances *instances,
                         struct error *error) {
    const char *owner = owner_of(port, instances);
    if (owner)
        return error_set(error, ERROR_EXISTS,
                         "port %u is the SSH port of the instance \"%s\": use another one", port,
                         owner);
    if (port_is_free(port))
        return true;
    return errno == EACCES
               ? error_set(
                     error, ERROR_INVALID,
                     "port %u of 127.0.0.1 is for programs of root only: use one from 1024 on",
                     port)
               : error_set(error, ERROR_EXISTS,
                           "port %u of 127.0.0.1 is in use by another program: use another one",
                           port);
}

uint16_t port_choose(uint16_t wanted, const struct store_instances *instances,
                     struct error *error) {
    if (wanted)
        return check_wanted(wanted, instances, error) ? wanted : 0;
    for (unsigned port = PORT_FIRST_FORWARD; port <= UINT16_MAX; port++)
        if (!owner_of((uint16_t)port, instances) && port_is_free((uint16_t)port))
            return (uint16_t)port;
    error_set(error, ERROR_FAILED, "no port from %u on is free for SSH", PORT_FIRST_FORWARD);
    return 0;
}
