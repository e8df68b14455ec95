/* What this process will ask for by name while it makes several instances and networks: addresses
 * in networks, subnets, MAC addresses, ports of this host. What is drawn for another one leaves it
 * alone; who asks for it by name gets it. Not written: it lasts until it is cleared or the store is
 * closed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store; /* of store.h, which ends the claims of one that is closed */

void claim_address(struct store *store, const char *network, const char *ip4);
void claim_port(struct store *store, uint16_t port); /* of 127.0.0.1, TCP */
void claim_mac(struct store *store, const char *mac);
void claim_subnet(struct store *store, const char *subnet);
void claim_clear(struct store *store);

bool claim_has_address(const struct store *store, const char *network, const char *ip4);
bool claim_has_mac(const struct store *store, const char *mac);
bool claim_has_port(const struct store *store, uint16_t port);
/* One after the other; NULL behind the last. */
const char *claim_subnet_at(const struct store *store, size_t index);
