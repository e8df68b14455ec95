#include "base/alloc.h"
#include "base/clock.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/instance_report.h"
#include "cli/link/own_command.h"
#include "cli/link/snapshot_work.h"
#include "cli/link/stopped_instance.h"
#include "cli/link/vm_status.h"
#include "home/home.h"
#include "home/snapshot/snapshot_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {"stop", .help = "stop the instance first, if it runs; it stays stopped"},
    {"no-safety", .help = "keep no snapshot of the instance as it is now"},
    INSTANCE_REPORT_OPTION,
    OPTIONS_END,
};

/* For a program that reads JSON; a person has read the sentence of `pgsup stop`. */
static bool fail_not_stopped(const char *name, int status, struct error *error) {
    enum error_code code = status == error_exit_status(ERROR_TIMEOUT)         ? ERROR_TIMEOUT
                           : status == error_exit_status(ERROR_NO_SUPERVISOR) ? ERROR_NO_SUPERVISOR
                           : status == error_exit_status(ERROR_WRONG_STATE)   ? ERROR_WRONG_STATE
                                                                              : ERROR_FAILED;
    return error_set(error, code, "%s was not stopped: nothing was restored", name);
}

/* The exit status of `pgsup stop`, which says itself why it did not stop it. */
static int stop_first(struct invocation *invocation, const char *name, struct error *error) {
    struct own_command own = {0};
    scoped(strv_done) struct strv words = {0};
    strv_push(&words, "stop");
    strv_push(&words, name);
    int status =
        own_command_init(&own, invocation, error) ? own_command_run(&own, &words, error) : -1;
    own_command_done(&own);
    if (status > 0 && invocation_wants_json(invocation))
        fail_not_stopped(name, status, error);
    return status < 0 ? EXIT_FAILURE : status;
}

static bool check_snapshot(const struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    struct store_snapshots list = {0};
    const struct snapshot_task task = {.home = invocation->home, .instance = &instance};
    bool good = instance_table_get(invocation->home->store, name, &instance, error) &&
                snapshot_table_list(invocation->home->store, instance.id, &list, error);
    const struct store_snapshot *found =
        good ? snapshot_name_get(&list, name, invocation_argument(invocation, 1), error) : NULL;
    good =
        found && (found->state != STORE_SNAPSHOT_KEPT || snapshot_check_whole(&task, found, error));
    store_snapshots_done(&list);
    store_instance_done(&instance);
    return good;
}

/* What cannot be restored neither stops the VM nor makes a safety snapshot. An instance may be
 * renamed or removed while its disks are looked at. */
static bool check_named(const struct invocation *invocation, struct error *error) {
    struct error problem = {0};
    bool there = true;
    if (check_snapshot(invocation, &problem))
        return true;
    const char *name = invocation_argument(invocation, 0);
    if (instance_table_has(invocation->home->store, name, &there, error) && !there)
        return instance_table_fail_absent(invocation->home->store, name, error);
    error_copy(error, &problem);
    return false;
}

static bool check_idle(const struct snapshot_work *work, struct error *error) {
    const char *name = work->instance.name;
    return !work->task.disks.runs ||
           error_set(error, ERROR_WRONG_STATE,
                     "\"%s\" runs, and its disks cannot be changed under it: stop it first by "
                     "`pgsup stop %s`, or by --stop here",
                     name, name);
}

static bool make_safety(const struct snapshot_work *work, const struct store_snapshots *list,
                        char **made, struct error *error) {
    struct store_snapshot safety = {.origin = STORE_SNAPSHOT_SAFETY,
                                    .name =
                                        snapshot_name_new("before-restore", clock_wall_ms(), list)};
    bool good = snapshot_make(&work->task, &safety, error) ||
                error_prefix(error, "nothing was restored, because what is there now could not be "
                                    "kept (--no-safety restores without)");
    if (good)
        *made = alloc_string(safety.name);
    store_snapshot_done(&safety);
    return good;
}

/* Disks that are not in the snapshot. */
static void tell_others(const struct snapshot_work *work, const struct store_snapshot *snapshot) {
    struct store_disks disks = {0};
    disk_table_list(work->task.home->store, work->instance.id, &disks, NULL);
    for (size_t i = 0; i < disks.count; i++) {
        bool kept = false;
        for (size_t j = 0; j < snapshot->disk_count; j++)
            kept |= strcmp(snapshot->disks[j].name, disks.items[i].name) == 0;
        if (!kept)
            printf("note: the disk \"%s\", added since, stays as it is\n", disks.items[i].name);
    }
    store_disks_done(&disks);
}

static void report_restored(const struct snapshot_work *work, const struct store_snapshot *snapshot,
                            const char *safety) {
    const char *name = work->instance.name;
    char time[CLOCK_RFC3339_SIZE];
    clock_rfc3339(snapshot->created_ms, time);
    printf("\"%s\" is as it was at %s, in its snapshot \"%s\"\n", name, time, snapshot->name);
    if (safety)
        printf(
            "what it was until now is in its snapshot \"%s\": `pgsup snapshot restore %s %s` goes "
            "back\n",
            safety, name, safety);
    tell_others(work, snapshot);
}

static bool restore(const struct invocation *invocation, const struct snapshot_work *work,
                    struct error *error) {
    struct store_snapshots list = {0};
    scoped(alloc_release) char *safety = NULL;
    const char *name = work->instance.name;
    bool good = snapshot_table_list(work->task.home->store, work->instance.id, &list, error);
    const struct store_snapshot *found =
        good ? snapshot_name_get(&list, name, invocation_argument(invocation, 1), error) : NULL;
    struct store_snapshot snapshot = found ? *found : (struct store_snapshot){0};
    good = found && snapshot_check_restore(&work->task, &snapshot, error) &&
           (invocation_flag(invocation, "no-safety") || make_safety(work, &list, &safety, error)) &&
           snapshot_restore(&work->task, &snapshot, error) &&
           stopped_instance_finish(invocation, name, error);
    if (good)
        report_restored(work, &snapshot, safety);
    store_snapshots_done(&list);
    return good;
}

static int settle_running(struct invocation *invocation, const char *name, struct error *error) {
    struct store_instance instance = {0};
    struct running running = {0};
    bool good = instance_table_get(invocation->home->store, name, &instance, error) &&
                vm_status_find(invocation->home, &instance, &running, error);
    bool runs = good && running.name;
    running_done(&running);
    store_instance_done(&instance);
    if (!good)
        return EXIT_FAILURE;
    return runs ? stop_first(invocation, name, error) : EXIT_SUCCESS;
}

static int run_snapshot_restore(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct snapshot_work work = {.lock = -1, .folder_lock = -1, .task = {.leaves_restore = true}};
    if (!check_named(invocation, error))
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "stop")) {
        int status = settle_running(invocation, name, error);
        if (status != EXIT_SUCCESS)
            return status;
    }
    bool good = snapshot_work_open(invocation, name, &work, error) && check_idle(&work, error) &&
                restore(invocation, &work, error);
    snapshot_work_close(&work);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command cmd_snapshot_restore = {
    .path = "snapshot restore",
    .summary = "Return an instance to a snapshot",
    .arguments = "NAME SNAP",
    .details = "Its disks, their sizes, its documents, host keys and known hosts become those of "
               "the snapshot; its name, UUID, addresses and ports stay. The instance must not "
               "run. pgsup first keeps the present state in another snapshot. Disks that were "
               "added since the snapshot stay as they are.\n"
               "\n"
               "  pgsup snapshot restore test before-upgrade --stop",
    .options = options,
    .min_arguments = 2,
    .max_arguments = 2,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .completes_next = COMPLETES_SNAPSHOTS,
    .needs = NEEDS_HOME,
    .run = run_snapshot_restore,
    .report = instance_report_first,
};
