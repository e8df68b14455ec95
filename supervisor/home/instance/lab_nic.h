/* The card that each new instance gets in the network which is the lab of its home
 * (network_table.h: is_lab): its second one, before those that were asked for. */
#pragma once

#include "base/error.h"
#include "store/network_table.h"
#include "store/nic_table.h"

/* Puts it before the others; nothing if there is no such network, if one of them is in it already,
 * or if it has no address left. */
bool lab_nic_add(struct store *store, struct store_nics *nics, struct error *error);
/* found: the lab has no address left; lab->name is then to be released by store_network_done(), as
 * in any case. */
bool lab_nic_is_full(struct store *store, struct store_network *lab, bool *is_full,
                     struct error *error);
