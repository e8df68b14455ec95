/* Which name has which address, while VMs run: looks for guests that take theirs by DHCP among the
 * host's neighbours, records what is new as an event, and keeps PATH/hosts as it should be. Looks
 * every NAMES_INTERVAL_MS, on a worker thread. What was seen last wins: the table of neighbours is
 * of now, a phone-home of the guest's boot. */
#pragma once

#include "daemon/fleet.h"

#define NAMES_INTERVAL_MS 6000

struct names; /* opaque */

struct names *names_new(struct fleet *fleet);
/* Recorded, with an event, unless it is known; source: store/guest_table.h. */
void names_learn(struct names *names, const struct store_instance *instance, const char *address,
                 const char *source);
void names_close(struct names *names); /* frees when its work has ended; NULL is fine */
