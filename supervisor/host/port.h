/* Ports of this host. */
#pragma once

#include "base/transport.h"

#include <stdbool.h>
#include <stdint.h>

#define PORT_LOOPBACK    "127.0.0.1"
#define PORT_ANY_ADDRESS "0.0.0.0"

struct port {
    const char *address; /* dotted */
    uint16_t number;
    enum transport transport;
};

/* Whether a program may bind the port now. False with errno: EADDRINUSE, EACCES for a privileged
 * port, EADDRNOTAVAIL for an address that this host does not have. */
bool port_is_free(const struct port *port);
