#include "stopped_instance.h"

#include "base/alloc.h"
#include "base/file.h"
#include "cli/link/vm_status.h"
#include "home/home.h"
#include "home/instance/recovery.h"

#include <errno.h>
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

/* Locks before it checks: a start that comes after the check finds the lock. */
bool stopped_instance_lock(const struct invocation *invocation, const char *name,
                           struct store_instance *instance, int *lock, struct error *error) {
    *lock = -1;
    if (!instance_table_get(invocation->home->store, name, instance, error))
        return false;
    scoped(alloc_release) char *folder = home_instance_folder(invocation->home, name);
    if (!recovery_complete_rename(invocation->home, instance, error))
        return false;
    *lock = file_lock_folder(folder);
    if (*lock < 0 && errno == EWOULDBLOCK)
        return error_set(error, ERROR_WRONG_STATE, "another process is working on %s", folder);
    if (*lock < 0)
        return error_errno(error, "cannot work on %s", folder);
    return check_stopped(invocation, instance, error) &&
           recovery_complete_restore(invocation->home, instance, error);
}
