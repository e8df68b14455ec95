/* Snapshots that a supervisor takes by the clock, of VMs that run: `pgsup snapshot create
 * --automatic` as a process of its own, one after the other, so that neither its work nor its end
 * is that of the supervisor. What an interrupted command has left is settled when the supervisor
 * starts. A slot that was missed, because the computer slept or nothing ran, is taken once, as soon
 * as it can be. */
#pragma once

#include "daemon/fleet.h"

#define SNAPSHOTTER_TIMEOUT_MS 300000 /* of one process, until it is killed */
#define SNAPSHOTTER_RETRY_MS   600000 /* after a failure */

struct snapshotter; /* opaque */

struct snapshotter *snapshotter_new(struct fleet *fleet);
/* To be called now and then: takes what is due. */
void snapshotter_look(struct snapshotter *snapshotter);
void snapshotter_close(struct snapshotter *snapshotter); /* a process goes on; NULL is fine */
