/* Ports of this host. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PORT_LOOPBACK    "127.0.0.1"
#define PORT_ANY_ADDRESS "0.0.0.0"

struct port {
    const char *address; /* dotted */
    uint16_t number;
    bool udp;
};

/* Nobody listens there now, and one may. False with errno: EADDRINUSE, EACCES for a port that is
 * the system's, EADDRNOTAVAIL for an address that is not this host's. */
bool port_is_free(const struct port *port);
