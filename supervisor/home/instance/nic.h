/* More network cards of an instance, written KIND[,if=NAME][,ip=ADDRESS/PREFIX][,mac=MAC]:
 * "bridge,if=br1,ip=10.1.0.5/24"; or NETWORK[,ip=ADDRESS][,mac=MAC] for one in a network of the
 * home, which always has an address. Without one another asks by DHCP; without a MAC it is made
 * from that of the first card. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "machine/core/spec.h"
#include "store/nic_table.h"

/* One that a card can have: of one machine, not of a group. */
bool nic_parse_mac(const char *text, char **mac);
/* Fills all but the instance and the position; strings are the card's. A fault of the text is about
 * "nics", a store that cannot be read is not. mac stays NULL when none was
 * given. Also checks that this host has what it is put on. */
bool nic_parse(struct store *store, const char *text, struct store_nic *nic, struct error *error);
/* The text that parses to this card; caller frees. */
char *nic_text(const struct store_nic *nic);

/* Parses the cards of an instance. texts: NULL-terminated; NULL: none. */
bool nic_parse_all(struct store *store, char *const *texts, struct store_nics *nics,
                   struct error *error);
/* Whether this host has the network that the card is connected to. */
bool nic_check_host(const struct store_nic *nic, struct error *error);
