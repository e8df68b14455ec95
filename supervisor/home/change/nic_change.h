/* Network cards of an existing instance besides its first one. A running VM sees a change at its
 * next start. Each card keeps its position: a new one takes the lowest free one. */
#pragma once

#include "home/change/home_edit.h"
#include "home/facts.h"
#include "store/nic_table.h"

/* Runs in the transaction of an edit: the instance has these cards besides its first one from now
 * on. texts: as of nic.h, NULL-terminated; one that is "": none. Whichever is left of a network, or
 * of any, stays the card that it was, with its position, MAC address and, in the same network of
 * the home, its address; a card that is as it was is not touched. */
bool nic_change_all(struct home *home, const struct instance_facts *facts, char *const *texts,
                    struct error *error);

/* Both change all or nothing. nic is the card; the caller frees its strings with
 * store_nic_done(), also after a failure. */
bool nic_change_add(struct home_edit *edit, const char *text, struct store_nic *nic,
                    struct error *error);
/* which: a position or a MAC address. */
bool nic_change_remove(struct home_edit *edit, const char *which, struct store_nic *nic,
                       struct error *error);
