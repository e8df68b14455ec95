/* Network cards of an instance that exists, beside its first one. What runs sees a change at its
 * next start. Each card stays in its position: a new one takes the lowest that is free. */
#pragma once

#include "home/change/home_edit.h"
#include "store/nic_table.h"

/* Both all or nothing. The card comes back in nic, whose strings the caller frees with
 * store_nic_done() whether it succeeds or not. */
bool nic_change_add(struct home_edit *edit, const char *text, struct store_nic *nic,
                    struct error *error);
/* which: a position or a MAC address. */
bool nic_change_remove(struct home_edit *edit, const char *which, struct store_nic *nic,
                       struct error *error);
