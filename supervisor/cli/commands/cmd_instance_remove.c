#include "base/alloc.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/input/confirmation.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "cli/link/instance_report.h"
#include "cli/link/offline_stop.h"
#include "cli/link/vm_status.h"
#include "home/change/remove.h"
#include "home/change/trash.h"
#include "home/running.h"
#include "store/cloud_table.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"force", 'f', .help = "if it runs, quit QEMU immediately"},
    CONFIRMATION_OPTION,
    INSTANCE_REPORT_OPTION,
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

/* Before the question: one that runs is removed with --force only. */
static bool check_ended(const struct invocation *invocation, const struct store_instance *instance,
                        struct error *error) {
    struct running running = {0};
    char process[32] = "";
    bool ended = vm_status_find(invocation->home, instance, &running, error);
    if (running.pid)
        snprintf(process, sizeof process, " (pid %ld)", (long)running.pid);
    if (ended && running.name && !invocation_flag(invocation, "force"))
        ended = error_set(error, ERROR_WRONG_STATE,
                          "instance \"%s\" runs%s: stop it with `pgsup stop %s`, or use -f",
                          instance->name, process, instance->name);
    running_done(&running);
    return ended;
}

static bool end_if_running(const struct invocation *invocation,
                           const struct store_instance *instance, struct error *error) {
    struct running running = {0};
    bool ended = vm_status_find(invocation->home, instance, &running, error) &&
                 (!running.name || end_vm(invocation, &running, error));
    running_done(&running);
    return ended;
}

static bool read_days(const struct home *home, uint64_t *days, struct error *error) {
    scoped(store_cloud_done) struct store_cloud cloud = {0};
    bool good = cloud_table_get(home->store, &cloud, error);
    *days = cloud.trash_days;
    return good;
}

static bool ask_removal(const struct invocation *invocation, const char *name,
                        struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(invocation->home, name);
    char size[32];
    uint64_t days;
    if (!read_days(invocation->home, &days, error))
        return false;
    name_format_size(trash_folder_bytes(folder), size);
    scoped(alloc_release) char *when =
        days ? alloc_printf("removed, and lost in %llu day%s", (unsigned long long)days,
                            name_plural(days))
             : alloc_string("lost for good");
    scoped(alloc_release) char *loss =
        alloc_printf("\"%s\" with its disks, %s, will be %s", name, size, when);
    return confirmation_ask(invocation, loss, error);
}

static int run_instance_remove(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    if (!instance_table_get(invocation->home->store, name, &instance, error))
        return EXIT_FAILURE;
    bool removed = check_ended(invocation, &instance, error) &&
                   ask_removal(invocation, name, error) &&
                   end_if_running(invocation, &instance, error) &&
                   instance_remove(invocation->home, &instance, error);
    store_instance_done(&instance);
    if (!removed)
        return EXIT_FAILURE;
    uint64_t days;
    if (!read_days(invocation->home, &days, error))
        return EXIT_FAILURE;
    printf("instance \"%s\" removed", name);
    if (days)
        printf(": `pgsup instance undelete %s` restores it, for %llu day%s", name,
               (unsigned long long)days, name_plural(days));
    puts("");
    return EXIT_SUCCESS;
}

const struct command cmd_instance_remove = {
    .path = "instance remove",
    .brief = "rm remove",
    .alias = "rm",
    .summary = "Remove an instance with its disk and all its files",
    .arguments = "NAME",
    .details = "The trash keeps it for 7 days, or for the time that `pgsup cloud set "
               "--trash-days DAYS` sets. `pgsup trash list` shows it.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_instance_remove,
    .report = instance_report_removed,
};
