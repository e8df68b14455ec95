/* Network cards of an existing instance besides its first one. A running VM sees a change at its
 * next start. Each card keeps its position: a new one takes the lowest free one. */
#pragma once

#include "home/change/home_edit.h"
#include "store/nic_table.h"

/* Both change all or nothing. nic is the card; the caller frees its strings with
 * store_nic_done(), also after a failure. */
bool nic_change_add(struct home_edit *edit, const char *text, struct store_nic *nic,
                    struct error *error);
/* which: a position or a MAC address. */
bool nic_change_remove(struct home_edit *edit, const char *which, struct store_nic *nic,
                       struct error *error);
