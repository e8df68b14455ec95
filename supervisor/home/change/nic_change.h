/* Network cards of an instance that exists, beside its first one. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/nic_table.h"

/* Both all or nothing, documents and vm.sh included; what runs sees it at its next start. The card
 * comes back in nic, whose strings the caller frees with store_nic_done() whether it succeeds or
 * not. Each card stays in its position: a new one takes the lowest that is free. */
bool nic_add(struct home *home, const char *instance, const char *text, struct store_nic *nic,
             struct error *error);
/* which: a position or a MAC address. */
bool nic_remove(struct home *home, const char *instance, const char *which, struct store_nic *nic,
                struct error *error);
