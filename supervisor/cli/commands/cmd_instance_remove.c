#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "cli/link/offline_stop.h"
#include "cli/link/vm_status.h"
#include "home/change/remove.h"
#include "home/running.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"force", 'f', .help = "if it runs, quit QEMU immediately"},
    OPTIONS_END,
};

/* Through the supervisor, so that it does not start the VM again; false with ERROR_NO_SUPERVISOR
 * when there is none. */
static bool end_supervised(const struct invocation *invocation, const char *name,
                           struct error *error) {
    struct client *client = client_open(invocation->home, error);
    if (!client)
        return false;
    json_t *params = json_object();
    json_object_set_new(params, "name", json_string(name));
    json_object_set_new(params, "force", json_true());
    json_t *result = client_call(client, "stop", params, error);
    bool ended = result != NULL;
    json_decref(result);
    client_close(client);
    return ended;
}

static bool end_offline(const struct invocation *invocation, const struct running *running,
                        struct error *error) {
    struct offline_stop_options stop = {.force = true, .may_escalate = true};
    scoped(alloc_release) char *outcome = offline_stop(invocation->home, running, &stop, error);
    return outcome != NULL;
}

static bool end_vm(const struct invocation *invocation, const struct running *running,
                   struct error *error) {
    struct error supervised = {0};
    if (end_supervised(invocation, running->name, &supervised))
        return true;
    if (supervised.code == ERROR_NO_SUPERVISOR && running->pid)
        return end_offline(invocation, running, error);
    return error_copy(error, &supervised);
}

static bool end_if_running(const struct invocation *invocation,
                           const struct store_instance *instance, struct error *error) {
    struct running running = {0};
    char process[32] = "";
    bool ended = vm_status_find(invocation->home, instance, &running, error);
    if (running.pid)
        snprintf(process, sizeof process, " (pid %ld)", (long)running.pid);
    if (ended && running.name && !invocation_flag(invocation, "force"))
        ended = error_set(error, ERROR_WRONG_STATE,
                          "instance \"%s\" runs%s: stop it with `pgsup stop %s`, or use -f",
                          instance->name, process, instance->name);
    else if (ended && running.name)
        ended = end_vm(invocation, &running, error);
    running_done(&running);
    return ended;
}

static int run_instance_remove(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    if (!instance_table_get(invocation->home->store, name, &instance, error))
        return EXIT_FAILURE;
    bool removed = end_if_running(invocation, &instance, error) &&
                   instance_remove(invocation->home, &instance, error);
    store_instance_done(&instance);
    if (!removed)
        return EXIT_FAILURE;
    printf("instance \"%s\" removed\n", name);
    return EXIT_SUCCESS;
}

const struct command cmd_instance_remove = {
    .path = "instance remove",
    .alias = "rm",
    .summary = "Remove an instance with its disk and all its files",
    .arguments = "NAME",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_instance_remove,
};
