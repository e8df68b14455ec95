#include "stopped_instance.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/lock_holder.h"
#include "cli/link/vm_status.h"
#include "home/access/known_hosts.h"
#include "home/home.h"
#include "home/instance/recovery.h"
#include "home/instance/regenerate.h"
#include "home/snapshot/snapshot_settle.h"
#include "home/snapshot/suspension.h"
#include "home/unfinished.h"

#include <stdio.h>

static bool check_stopped(const struct invocation *invocation,
                          const struct store_instance *instance, struct error *error) {
    struct running running = {0};
    char process[32] = "";
    bool stopped = vm_status_find(invocation->home, instance, &running, error);
    if (running.pid)
        snprintf(process, sizeof process, " (pid %ld)", (long)running.pid);
    if (stopped && running.name)
        stopped = error_set(error, ERROR_WRONG_STATE,
                            "instance \"%s\" runs%s: stop it first with `pgsup stop %s`",
                            instance->name, process, instance->name);
    running_done(&running);
    return stopped;
}

/* Another process may have changed it until it was locked. */
static bool read_again(const struct invocation *invocation, struct store_instance *instance,
                       struct error *error) {
    struct store_instance again = {0};
    if (!instance_table_get(invocation->home->store, instance->name, &again, error))
        return false;
    store_instance_done(instance);
    *instance = again;
    return true;
}

/* Locks before it checks: a start that comes after the check finds the lock. */
bool stopped_instance_lock_suspended(const struct invocation *invocation, const char *name,
                                     struct store_instance *instance, int *lock,
                                     struct error *error) {
    *lock = -1;
    if (!instance_table_get(invocation->home->store, name, instance, error))
        return false;
    scoped(alloc_release) char *folder = home_instance_folder(invocation->home, name);
    if (!recovery_complete_rename(invocation->home, instance, error))
        return false;
    *lock = file_lock_folder(folder);
    if (*lock < 0)
        return lock_holder_explain(folder, folder, error);
    if (!read_again(invocation, instance, error))
        return false;
    recovery_end_rename(invocation->home, instance);
    return check_stopped(invocation, instance, error) &&
           recovery_complete_reset(invocation->home, instance, error) &&
           recovery_complete_restore(invocation->home, instance, error);
}

bool stopped_instance_lock(const struct invocation *invocation, const char *name,
                           struct store_instance *instance, int *lock, struct error *error) {
    return stopped_instance_lock_suspended(invocation, name, instance, lock, error) &&
           suspension_check_none(invocation->home, name, error);
}

bool stopped_instance_regenerate(const struct invocation *invocation, const char *name,
                                 struct error *error) {
    char *notice = NULL;
    bool good = instance_regenerate_now(invocation->home, name, &notice, error) &&
                known_hosts_collect(invocation->home, error);
    invocation_notice(notice);
    return good;
}

bool stopped_instance_finish(const struct invocation *invocation, const char *name,
                             struct error *error) {
    return stopped_instance_regenerate(invocation, name, error) &&
           unfinished_clear(invocation->home, name, error);
}

bool stopped_instance_lock_whole(const struct invocation *invocation, const char *name,
                                 struct store_instance *instance, int *lock, struct error *error) {
    bool restored = false;
    if (!stopped_instance_lock(invocation, name, instance, lock, error) ||
        !snapshot_settle_idle(invocation->home, instance, &restored, error))
        return false;
    return (!restored && !unfinished_is_marked(invocation->home, name)) ||
           (read_again(invocation, instance, error) &&
            stopped_instance_finish(invocation, name, error));
}
