/* Snapshots of an instance: a point in time of all its disks, inside its qcow2 files, and what
 * belongs to it (kept_files.h). Each operation is in the store before it is begun, as the state of
 * a row; what a killed process leaves is completed or undone by the next one, by
 * snapshot_settle.h. Knows no QMP: how disks are reached while a VM has them is its caller's.
 *
 * The caller holds the lock of snapshot_lock() and knows whether the instance runs, which does not
 * change meanwhile; its rows are settled. Blocking. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "home/home.h"
#include "store/disk_table.h"
#include "store/instance_table.h"
#include "store/snapshot_table.h"

/* How the disks are changed; each by its name in the store, "" being the one that is booted from.
 */
struct snapshot_disks {
    void *context;
    bool runs; /* a QEMU has them: nothing can be restored */
    /* A snapshot of all at one moment, or of none. May better what is known of its consistency. */
    bool (*make)(void *context, struct store_snapshot *snapshot, struct error *error);
    bool (*drop)(void *context, const char *disk, const char *name, struct error *error);
};
/* While nothing runs: by qemu-img. context: struct snapshot_idle. */
struct snapshot_idle {
    const struct home *home;
    const char *instance;
};
void snapshot_disks_idle(const struct snapshot_idle *idle, struct snapshot_disks *disks);

char *snapshot_disk_path(const struct home *home, const char *instance, const char *disk);
/* Whether each disk of the snapshot has it; missing: those that do not. Also while the VM runs. */
bool snapshot_look(const struct home *home, const struct store_snapshot *snapshot,
                   struct strv *missing, struct error *error);

/* One operation at a time on the snapshots of an instance. */
bool snapshot_lock(const struct home *home, const char *instance, int *lock, struct error *error);

struct snapshot_task {
    struct home *home;
    const struct store_instance *instance;
    struct snapshot_disks disks;
    bool leaves_restore; /* one that cannot be completed stops nothing */
};
/* snapshot: name, origin, comment; the rest is filled in. */
bool snapshot_make(const struct snapshot_task *task, struct store_snapshot *snapshot,
                   struct error *error);
bool snapshot_remove(const struct snapshot_task *task, struct store_snapshot *snapshot,
                     struct error *error);
/* ERROR_WRONG_STATE: some disk does not have it any more. */
bool snapshot_check_whole(const struct snapshot_task *task, const struct store_snapshot *snapshot,
                          struct error *error);
/* Whether nothing is known that would stop its restore; before anything is changed. */
bool snapshot_check_restore(const struct snapshot_task *task, const struct store_snapshot *snapshot,
                            struct error *error);
/* Only while nothing runs, of one that is whole. The rest of the instance's files are to be
 * regenerated after it. */
bool snapshot_restore(const struct snapshot_task *task, struct store_snapshot *snapshot,
                      struct error *error);

/* The parts that settling repeats: from a row of state "removing" or "restoring" on. */
bool snapshot_finish_remove(const struct snapshot_task *task, const struct store_snapshot *snapshot,
                            struct error *error);
bool snapshot_finish_restore(const struct snapshot_task *task, struct store_snapshot *snapshot,
                             struct error *error);
/* Writes the row's state, and an event that tells it. */
bool snapshot_set_state(const struct snapshot_task *task, struct store_snapshot *snapshot,
                        enum store_snapshot_state state, const char *told, struct error *error);
