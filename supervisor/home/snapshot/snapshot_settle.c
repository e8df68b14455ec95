#include "home/snapshot/snapshot_settle.h"

#include "base/alloc.h"
#include "base/file.h"
#include "store/transaction.h"

/* The documents were complete before its disks were begun. */
static bool settle_making(const struct snapshot_task *task, struct store_snapshot *snapshot,
                          struct error *error) {
    scoped(strv_done) struct strv missing = {0};
    if (!snapshot_look(task->home, snapshot, &missing, error))
        return false;
    if (missing.count)
        return snapshot_finish_remove(task, snapshot, error);
    return snapshot_set_state(task, snapshot, STORE_SNAPSHOT_KEPT, "created", error);
}

static bool settle_restoring(const struct snapshot_task *task, struct store_snapshot *snapshot,
                             bool *restored, struct error *error) {
    if (task->disks.runs)
        return error_set(error, ERROR_WRONG_STATE,
                         "the restore of \"%s\" was interrupted, and \"%s\" runs: after `pgsup "
                         "stop %s` it is completed",
                         snapshot->name, task->instance->name, task->instance->name);
    struct error left = {0};
    bool leaves = task->leaves_restore;
    bool good = snapshot_finish_restore(task, snapshot, leaves ? &left : error);
    *restored |= good;
    return good || leaves ||
           error_prefix(error,
                        "the interrupted restore of \"%s\" is not complete (`pgsup snapshot "
                        "restore` of another one is a way out)",
                        snapshot->name);
}

static bool settle_one(const struct snapshot_task *task, struct store_snapshot *snapshot,
                       bool *restored, struct error *error) {
    switch (snapshot->state) {
    case STORE_SNAPSHOT_MAKING: return settle_making(task, snapshot, error);
    case STORE_SNAPSHOT_REMOVING: return snapshot_finish_remove(task, snapshot, error);
    case STORE_SNAPSHOT_RESTORING: return settle_restoring(task, snapshot, restored, error);
    case STORE_SNAPSHOT_UNKNOWN:
    case STORE_SNAPSHOT_KEPT: break;
    }
    return true;
}

bool snapshot_settle(const struct snapshot_task *task, bool *restored, struct error *error) {
    struct store_snapshots list = {0};
    *restored = false;
    bool good = snapshot_table_list(task->home->store, task->instance->id, &list, error);
    for (size_t i = 0; good && i < list.count; i++)
        good = settle_one(task, &list.items[i], restored, error);
    store_snapshots_done(&list);
    return good;
}

bool snapshot_settle_pending(struct home *home, int64_t instance, struct snapshot_pending *pending,
                             struct error *error) {
    struct store_snapshots list = {0};
    *pending = (struct snapshot_pending){0};
    if (!snapshot_table_list(home->store, instance, &list, error))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        pending->any |= list.items[i].state != STORE_SNAPSHOT_KEPT;
        pending->restore |= list.items[i].state == STORE_SNAPSHOT_RESTORING;
    }
    store_snapshots_done(&list);
    return true;
}

bool snapshot_settle_idle(struct home *home, const struct store_instance *instance, bool *restored,
                          struct error *error) {
    const struct snapshot_idle idle = {home, instance->name};
    struct snapshot_task task = {.home = home, .instance = instance};
    struct snapshot_pending pending;
    scoped(file_release) int lock = -1;
    *restored = false;
    if (!snapshot_settle_pending(home, instance->id, &pending, error))
        return false;
    if (!pending.any)
        return true;
    if (!snapshot_lock(home, instance->name, &lock, error))
        return false;
    store_end_reading(home->store); /* who had the lock may have settled it */
    snapshot_disks_idle(&idle, &task.disks);
    return snapshot_settle(&task, restored, error);
}
