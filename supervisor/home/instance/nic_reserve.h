/* What a network card must not share with others: its MAC address, its address, and the subnet with
 * another card of the same guest, which routes by subnets; and what vmnet gives one guest at most.
 * Runs in the transaction that adds or changes the instance, after its row was added. */
#pragma once

#include "base/error.h"
#include "store/cloud_table.h"
#include "store/instance_table.h"
#include "store/nic_table.h"

/* Checks what must be unique and adds the row; a card without a MAC address gets one. */
bool nic_reserve(struct store *store, const struct store_instance *instance, int position,
                 struct store_nic *nic, struct error *error);
/* The same for all cards of a new instance, in positions from 1 on, or those that they have. */
bool nic_reserve_all(struct store *store, const struct store_instance *instance,
                     struct store_nics *nics, struct error *error);

/* That the first card's address is not one that another card in the network of the cloud has. */
bool nic_reserve_check_first(struct store *store, const struct store_cloud *cloud, const char *ip4,
                             struct error *error);
