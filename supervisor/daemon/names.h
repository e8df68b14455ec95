/* Which name has which address, while VMs run: asks the agents of guests that take theirs by DHCP,
 * looks for the others of them among the host's neighbours, records what is new as an event, and
 * keeps PATH/hosts and the DNS as they should be. Every NAMES_INTERVAL_MS; what the store and the
 * host are asked for, on a worker thread. What was seen last wins: agents and the table of
 * neighbours tell of now, a phone-home of the guest's boot. */
#pragma once

#include "daemon/fleet.h"

#define NAMES_INTERVAL_MS 6000

struct names; /* opaque */

struct names *names_new(struct fleet *fleet);

struct address_report { /* where a guest is now */
    int64_t instance;
    const char *name;
    const char *known; /* what its row in the store says; NULL: nothing */
    const char *address;
    const char *source; /* store/guest_table.h */
};
/* Records the address, with an event, unless it is known. */
void names_learn(struct names *names, const struct address_report *report);
/* What the agent in a guest says, of which one is taken. */
void names_hear(struct names *names, const struct vm *vm, const struct qga_addresses *addresses);
void names_close(struct names *names); /* frees when its work has ended; NULL is fine */
