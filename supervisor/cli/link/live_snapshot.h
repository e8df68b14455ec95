/* Snapshots of the disks of a running VM, by its QEMU over the second monitor: all disks in one
 * transaction, while the guest's agent holds its file systems frozen. Disks that this QEMU was not
 * started with are changed by qemu-img. */
#pragma once

#include "cli/link/offline.h"
#include "home/home.h"
#include "home/running.h"
#include "home/snapshot/snapshot.h"

enum live_snapshot_freeze { LIVE_SNAPSHOT_TRY, LIVE_SNAPSHOT_NEVER, LIVE_SNAPSHOT_MUST };

struct live_snapshot {
    struct home *home;
    int64_t instance;
    const struct running *running;
    struct offline *offline;
    enum live_snapshot_freeze freeze;
    struct error unfrozen; /* of the last one: why its file systems were not frozen */
    uint64_t frozen_ms;    /* … how long they were */
};
/* live is borrowed as the context. */
void live_snapshot_disks(struct live_snapshot *live, struct snapshot_disks *disks);
