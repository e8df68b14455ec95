/* The IPv4 networks that this host has routes to, the default route and its own loopback left out.
 * What differs between systems is in routes_linux.c and routes_darwin.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ROUTES_MAX 256 /* of those listed; a host with more has a routing daemon */

struct route {
    uint32_t network, mask;
};

/* How many there are; 0 also when the system does not tell. */
size_t routes_list(struct route list[ROUTES_MAX]);
