/* Tells running guests, by their agents, who else is in the networks that they are in: after a
 * change, and once after each start of a guest or of the supervisor. A guest without an agent has
 * them from its seed, at its next boot. */
#pragma once

#include "daemon/fleet.h"

/* Begins with those that were not told yet. Returns at once. */
void name_sync_run(struct fleet *fleet);
