/* More network cards of an instance, written KIND[,if=NAME][,ip=ADDRESS/PREFIX][,mac=MAC]:
 * "bridge,if=br1,ip=10.1.0.5/24". Without an address the guest asks by DHCP; without a MAC it is
 * made from that of the first card. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/cloud_table.h"
#include "store/instance_table.h"
#include "store/nic_table.h"

#define NIC_MAX 7u /* beside the first one: there is a fixed PCI slot for each */

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

/* That the first card's address is not one that another card in the network of the cloud has. */
bool nic_check_first(struct store *store, const struct store_cloud *cloud, const char *ip4,
                     struct error *error);

/* Both all or nothing, documents and vm.sh included; what runs sees it at its next start. The card
 * comes back in nic, whose strings the caller frees with store_nic_done() whether it succeeds or
 * not. Each card stays in its position: a new one takes the lowest that is free. */
bool nic_add(struct home *home, const char *instance, const char *text, struct store_nic *nic,
             struct error *error);
/* which: a position or a MAC address. */
bool nic_remove(struct home *home, const char *instance, const char *which, struct store_nic *nic,
                struct error *error);

/* "enp0s17": what systemd's rules call the card in this position, after its slot; caller frees. */
char *nic_guest_name(int position);
/* "10.0.3.0/24": the network that user networking gives to the card in this position. */
char *nic_user_network(int position);
