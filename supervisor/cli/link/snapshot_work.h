/* An instance, locked for one operation on its snapshots, whether it runs or not: what an earlier
 * command left is settled. */
#pragma once

#include "cli/invocation.h"
#include "cli/link/live_snapshot.h"

struct snapshot_work {
    struct store_instance instance;
    struct snapshot_task task;
    struct live_snapshot live; /* if task.disks.runs */
    /* private */
    struct snapshot_idle idle;
    struct running running;
    int lock, folder_lock;
};

/* snapshot_work_close() also after a failure. */
bool snapshot_work_open(const struct invocation *invocation, const char *name,
                        struct snapshot_work *work, struct error *error);
/* Of one that does not run, after a restore: the files that follow from the rows. vm.sh may start
 * it again (home/unfinished.h), unless another restore is still to be completed. */
bool snapshot_work_finish(const struct invocation *invocation, const struct snapshot_work *work,
                          struct error *error);
void snapshot_work_close(struct snapshot_work *work);
