/* Tells running guests who else is in the networks that they are in: after a change, and once after
 * each start of a guest or of the supervisor. By their agents, else by ssh, one after the other; a
 * guest that neither reaches has them from its seed, at its next boot. */
#pragma once

#include "daemon/fleet.h"

struct name_sync; /* opaque */

struct name_sync *name_sync_new(struct fleet *fleet);
/* Begins with those that were not told yet. Returns at once. */
void name_sync_run(struct name_sync *sync);
void name_sync_close(struct name_sync *sync);
