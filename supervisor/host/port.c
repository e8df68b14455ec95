#include "host/port.h"

#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* TCP binds as QEMU does, with SO_REUSEADDR: connections in TIME_WAIT do not count. With UDP that
 * option would share the port. It does not listen, so that two checks at the same time do not
 * mistake each other for a program. */
bool port_is_free(const struct port *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port->number)};
    int yes = 1;
    if (inet_pton(AF_INET, port->address, &address.sin_addr) != 1) {
        errno = EADDRNOTAVAIL;
        return false;
    }
    bool udp = port->transport == TRANSPORT_UDP;
    int fd = socket(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
    bool free = fd >= 0 &&
                (udp || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0) &&
                bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    int number = errno;
    file_release(&fd);
    errno = number;
    return free;
}
