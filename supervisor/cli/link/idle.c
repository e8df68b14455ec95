#include "idle.h"
#include "home/instance/recovery.h"

#include "base/alloc.h"
#include "base/file.h"
#include "cli/link/runtime.h"
#include "home/home.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool idle_look(const struct invocation *invocation, const struct store_instance *instance,
               struct running *running, struct error *error) {
    struct runtime runtime = {0};
    if (!running_find(invocation->home->run, instance->name, running, error) ||
        !runtime_open(invocation->home, &runtime, error))
        return false;
    json_t *picture = runtime_get(&runtime, instance);
    const char *state = json_string_value(json_object_get(picture, "state"));
    bool down = strcmp(state, "stopped") == 0 || strcmp(state, "failed") == 0;
    if (!running->name && !down)
        running->name = alloc_string(instance->name);
    json_decref(picture);
    runtime_close(&runtime);
    return true;
}

static bool check_idle(const struct invocation *invocation, const struct store_instance *instance,
                       struct error *error) {
    struct running running = {0};
    char process[32] = "";
    bool idle = idle_look(invocation, instance, &running, error);
    if (running.pid)
        snprintf(process, sizeof process, " (pid %ld)", (long)running.pid);
    if (idle && running.name)
        idle = error_set(error, ERROR_WRONG_STATE,
                         "instance \"%s\" runs%s: stop it first with `pgsup stop %s`",
                         instance->name, process, instance->name);
    running_done(&running);
    return idle;
}

/* The lock comes first: whoever starts it after the look finds it locked. */
bool idle_claim(const struct invocation *invocation, const char *name,
                struct store_instance *instance, int *lock, struct error *error) {
    *lock = -1;
    if (!instance_table_get(invocation->home->store, name, instance, error))
        return false;
    scoped(alloc_release) char *folder = home_instance_folder(invocation->home, name);
    if (!recovery_complete_rename(invocation->home, instance, error))
        return false;
    *lock = file_lock_folder(folder);
    if (*lock < 0 && errno == EWOULDBLOCK)
        return error_set(error, ERROR_WRONG_STATE, "another process is at work on %s", folder);
    if (*lock < 0)
        return error_errno(error, "cannot work on %s", folder);
    return check_idle(invocation, instance, error);
}
