#include "cli/link/reachable.h"

#include "cli/link/vm_status.h"
#include "home/access/guest_port.h"
#include "home/running.h"

#include <string.h>

/* States that a guest does not answer in, and what helps. */
static const struct {
    const char *state;
    const char *command, *option; /* before and behind the instance's name */
    const char *effect;
} unreachable[] = {
    {"stopped", "start", " --wait", "starts it"},
    {"failed", "start", " --wait", "starts it again, `pgsup info` tells why it failed"},
    {"starting", "start", " --wait", "waits for it"},
    {"suspended", "start", " --wait", "lets it go on"},
    {"suspending", "start", " --wait", "lets it go on when that is done"},
    {"paused", "resume", "", "lets it run on"},
    {"killing", "start", " --wait", "starts it again"},
    {"aborting", "info", "", "tells why its start failed"},
};

static bool check_state(const char *name, const char *state, struct error *error) {
    for (size_t i = 0; i < sizeof unreachable / sizeof *unreachable; i++) {
        if (strcmp(state, unreachable[i].state) != 0)
            continue;
        return error_set(error, ERROR_WRONG_STATE, "%s is %s: `pgsup %s %s%s` %s", name, state,
                         unreachable[i].command, name, unreachable[i].option,
                         unreachable[i].effect);
    }
    return true;
}

bool reachable_now(const struct store_instance *instance, const struct vm_now *now,
                   struct error *error) {
    return check_state(instance->name, now->state, error) &&
           (now->pid <= 0 || guest_port_check(instance, (pid_t)now->pid, error));
}

/* Without an answer of the supervisor's: the lock of its QEMU says that it runs. */
static bool check_process(const struct home *home, const struct store_instance *instance,
                          struct error *error) {
    struct running running = {0};
    if (!running_find(home->run, instance->name, &running, error))
        return false;
    bool good = running.name ? guest_port_check(instance, running.pid, error)
                             : check_state(instance->name, "stopped", error);
    running_done(&running);
    return good;
}

bool reachable_state_check(const struct home *home, const struct store_instance *instance,
                           struct error *error) {
    const struct vm_status_scope scope = {.only = instance->name};
    struct vm_status vms = {0};
    struct vm_now now;
    if (!vm_status_open(home, &scope, &vms, error))
        return false;
    vm_status_get(&vms, instance, &now);
    bool good = check_state(instance->name, now.state, error);
    vm_status_close(&vms);
    return good;
}

bool reachable_check(const struct home *home, const struct store_instance *instance,
                     struct error *error) {
    const struct vm_status_scope scope = {.only = instance->name};
    struct vm_status vms = {0};
    struct vm_now now;
    if (!vm_status_open(home, &scope, &vms, NULL))
        return check_process(home, instance, error);
    vm_status_get(&vms, instance, &now);
    bool good = reachable_now(instance, &now, error);
    vm_status_close(&vms);
    return good;
}
