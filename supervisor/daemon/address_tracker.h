/* Tracks which guest has which address while VMs run. Every ADDRESS_TRACKER_INTERVAL_MS it asks the
 * agents of guests that use DHCP, looks the others up among the host's neighbours, records new
 * addresses with an event, and writes PATH/hosts and the DNS. The store and the host are read on a
 * worker thread. The latest observation wins: agents and the table of neighbours describe the
 * present, a phone-home the boot of the guest. */
#pragma once

#include "daemon/fleet.h"

#define ADDRESS_TRACKER_INTERVAL_MS 5000

struct address_tracker; /* opaque */

struct address_tracker *address_tracker_new(struct fleet *fleet);

struct address_report { /* where a guest is now */
    int64_t instance;
    const char *name;
    const char *known; /* what its row in the store says; NULL: nothing */
    const char *address;
    const char *source; /* store/guest_table.h */
};
/* Records the address, with an event, unless it is known. */
void address_tracker_learn(struct address_tracker *tracker, const struct address_report *report);
/* What the agent in a guest says, of which one is taken. */
void address_tracker_on_agent(struct address_tracker *tracker, const struct vm *vm,
                              const struct qga_addresses *addresses);
/* Frees when its work has ended; NULL is fine. */
void address_tracker_close(struct address_tracker *tracker);
