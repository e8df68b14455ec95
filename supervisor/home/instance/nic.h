/* More network cards of an instance, written KIND[,if=NAME][,ip=ADDRESS/PREFIX][,mac=MAC]:
 * "bridge,if=br1,ip=10.1.0.5/24"; or NETWORK[,ip=ADDRESS][,mac=MAC] for one in a network of the
 * home, which always has an address. Without one another asks by DHCP; without a MAC it is made
 * from that of the first card. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "machine/core/spec.h"
#include "store/cloud_table.h"
#include "store/instance_table.h"
#include "store/nic_table.h"

/* One that a card can have: of one machine, not of a group. */
bool nic_parse_mac(const char *text, char **mac);
/* Fills all but the instance and the position; strings are the card's. mac stays NULL when none was
 * given. Also checks that this host has what it is put on. */
bool nic_parse(struct store *store, const char *text, struct store_nic *nic, struct error *error);
/* The text that parses to this card; caller frees. */
char *nic_text(const struct store_nic *nic);

/* Parses the cards of an instance. texts: NULL-terminated; NULL: none. */
bool nic_parse_all(struct store *store, char *const *texts, struct store_nics *nics,
                   struct error *error);
/* Whether this host has the network that the card is connected to. */
bool nic_check_host(const struct store_nic *nic, struct error *error);

/* Checks what must be unique and adds the row; a card without a MAC address gets one. Runs in
 * the transaction that adds or changes the instance, after its row was added. */
bool nic_reserve(struct store *store, const struct store_instance *instance, int position,
                 struct store_nic *nic, struct error *error);
/* The same for all cards of a new instance, in positions from 1 on, or those that they have. */
bool nic_reserve_all(struct store *store, const struct store_instance *instance,
                     struct store_nics *nics, struct error *error);

/* That the first card's address is not one that another card in the network of the cloud has. */
bool nic_check_first(struct store *store, const struct store_cloud *cloud, const char *ip4,
                     struct error *error);
