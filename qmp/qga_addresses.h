/* The IPv4 addresses of one network card, as a guest's agent tells them. Pure. What the guest says
 * may be untrue, but is always an address at which one machine can be reached: no loopback,
 * link-local, multicast or broadcast one.
 * Source: QEMU's qga/qapi-schema.json, guest-network-get-interfaces. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#define QGA_ADDRESSES_MAX 16 /* of one card; more are left out */

struct qga_addresses {
    size_t count;
    char items[QGA_ADDRESSES_MAX][16];
};

/* Those of the cards with this MAC address ("52:54:00:12:34:56"): of the card itself, and of what
 * the guest made of it, as a bridge. value may be of any shape. */
void qga_addresses_decode(const json_t *value, const char *mac, struct qga_addresses *addresses);
/* The known one (NULL: none) if the card has it still, so that a guest with several does not seem
 * to move; else the first; NULL when there is none. Points into addresses. */
const char *qga_addresses_choose(const struct qga_addresses *addresses, const char *known);
