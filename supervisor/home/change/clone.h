/* An instance made from another one: the same disk contents and settings, an identity, a disk and
 * ports of its own. The static address is not copied, nor are the forwards, because two cannot have
 * them. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"
#include "store/snapshot_table.h"

struct instance_clone_source {
    const struct store_instance *instance;
    const struct store_snapshot
        *snapshot; /* what it holds is copied; NULL: the instance as it is */
};
/* The caller holds the lock on the source's folder and has made sure that no VM of it runs; for a
 * snapshot, that on its snapshots, and it is whole (home/snapshot). */
bool instance_clone(struct home *home, const struct instance_clone_source *from, const char *name,
                    struct store_instance *made, struct error *error);
