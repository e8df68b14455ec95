/* Completes or undoes what a process that was killed has begun with the snapshots of an instance.
 * The lists in the qcow2 files decide. Caller holds the lock, as of snapshot.h. */
#pragma once

#include "home/snapshot/snapshot.h"

/* restored: one was completed, so that files are to be regenerated. A restore that was interrupted
 * cannot be completed while the VM runs: ERROR_WRONG_STATE. */
bool snapshot_settle(const struct snapshot_task *task, bool *restored, struct error *error);
/* What a process that was killed has left. */
struct snapshot_pending {
    bool any, restore;
};
bool snapshot_settle_pending(struct home *home, int64_t instance, struct snapshot_pending *pending,
                             struct error *error);
/* Of an instance that does not run and is kept from it, with a lock of its own; nothing to do is
 * found out at once. */
bool snapshot_settle_idle(struct home *home, const struct store_instance *instance, bool *restored,
                          struct error *error);
