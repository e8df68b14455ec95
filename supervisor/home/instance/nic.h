/* More network cards of an instance, written KIND[,if=NAME][,ip=ADDRESS/PREFIX][,mac=MAC]:
 * "bridge,if=br1,ip=10.1.0.5/24". Without an address the guest asks by DHCP; without a MAC it is
 * made from that of the first card. */
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
bool nic_parse(const char *text, struct store_nic *nic, struct error *error);
/* As it may be parsed again; caller frees. */
char *nic_text(const struct store_nic *nic);

/* The part that depends on nothing else. texts: NULL-terminated; NULL: none. */
bool nic_check(char *const *texts, struct error *error);
/* The part that must be unique. Inside the transaction that adds the instance, whose row is there.
 */
bool nic_claim(struct store *store, const struct store_instance *instance, char *const *texts,
               struct error *error);

/* The same of one card, whose position is set; one without a MAC address is given one. */
bool nic_claim_one(struct store *store, const struct store_instance *instance,
                   struct store_nic *nic, struct error *error);

/* That the first card's address is not one that another card in the network of the cloud has. */
bool nic_check_first(struct store *store, const struct store_cloud *cloud, const char *ip4,
                     struct error *error);
