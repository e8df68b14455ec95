#include "snapshot_work.h"

#include "base/alloc.h"
#include "base/file.h"
#include "cli/link/stopped_instance.h"
#include "cli/link/vm_status.h"
#include "home/instance/recovery.h"
#include "home/snapshot/snapshot_settle.h"
#include "home/unfinished.h"

#include <stdlib.h>

static bool begin_live(struct snapshot_work *work, struct error *error) {
    struct live_snapshot *live = &work->live;
    if (!work->running.pid)
        return error_set(error, ERROR_WRONG_STATE,
                         "\"%s\" is starting or stopping: try again when it has",
                         work->instance.name);
    *live = (struct live_snapshot){.home = work->task.home,
                                   .instance = work->instance.id,
                                   .running = &work->running,
                                   .freeze = live->freeze};
    live->offline = offline_open(live->home, &work->running, error);
    live_snapshot_disks(live, &work->task.disks);
    return live->offline != NULL;
}

static bool begin_idle(const struct invocation *invocation, struct snapshot_work *work,
                       struct error *error) {
    struct store_instance again = {0};
    bool good =
        stopped_instance_lock(invocation, work->instance.name, &again, &work->folder_lock, error);
    if (good) {
        store_instance_done(&work->instance);
        work->instance = again;
    } else {
        store_instance_done(&again);
    }
    work->idle = (struct snapshot_idle){work->task.home, work->instance.name};
    snapshot_disks_idle(&work->idle, &work->task.disks);
    return good;
}

bool snapshot_work_open(const struct invocation *invocation, const char *name,
                        struct snapshot_work *work, struct error *error) {
    struct home *home = invocation->home;
    bool restored = false;
    work->lock = work->folder_lock = -1;
    work->task = (struct snapshot_task){
        .home = home, .instance = &work->instance, .leaves_restore = work->task.leaves_restore};
    if (!instance_table_get(home->store, name, &work->instance, error) ||
        !recovery_complete_rename(home, &work->instance, error) ||
        !snapshot_lock(home, name, &work->lock, error) ||
        !vm_status_find(home, &work->instance, &work->running, error))
        return false;
    bool runs = work->running.name != NULL;
    if (!(runs ? begin_live(work, error) : begin_idle(invocation, work, error)) ||
        !snapshot_settle(&work->task, &restored, error))
        return false;
    return runs || (!restored && !unfinished_is_marked(home, name)) ||
           snapshot_work_finish(invocation, work, error);
}

bool snapshot_work_finish(const struct invocation *invocation, const struct snapshot_work *work,
                          struct error *error) {
    const char *name = work->instance.name;
    struct snapshot_pending pending;
    if (!snapshot_settle_pending(invocation->home, work->instance.id, &pending, error))
        return false;
    return pending.restore ? stopped_instance_regenerate(invocation, name, error)
                           : stopped_instance_finish(invocation, name, error);
}

void snapshot_work_close(struct snapshot_work *work) {
    offline_close(work->live.offline);
    running_done(&work->running);
    store_instance_done(&work->instance);
    file_release(&work->folder_lock);
    file_release(&work->lock);
}
