#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/instance_report.h"
#include "cli/link/snapshot_work.h"
#include "cli/link/stopped_instance.h"
#include "home/change/clone.h"
#include "home/home.h"
#include "home/snapshot/snapshot_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A guest that was seeded over HTTP trusts cloud-init's cache. The script that makes it recognize
 * that of another machine (cloudinit/boothook.h) is missing if an older pgsup seeded the source. */
static void report_clone(const struct invocation *invocation, const struct store_instance *source,
                         const struct store_instance *clone) {
    scoped(alloc_release) char *folder = home_instance_folder(invocation->home, clone->name);
    printf("instance \"%s\" created in %s, from \"%s\"\n", clone->name, folder,
           invocation_argument(invocation, 0));
    if (source->seed == STORE_SEED_HTTP)
        printf(
            "if an older pgsup seeded \"%s\", \"%s\" keeps its host name and host keys until you run "
            "`sudo cloud-init clean --machine-id --reboot` in it\n",
            source->name, clone->name);
}

static bool clone_stopped(const struct invocation *invocation, struct error *error) {
    struct store_instance source = {0}, clone = {0};
    scoped(file_release) int lock = -1;
    const struct instance_clone_source from = {&source, NULL};
    bool good =
        stopped_instance_lock_whole(invocation, invocation_argument(invocation, 0), &source, &lock,
                                    error) &&
        instance_clone(invocation->home, &from, invocation_argument(invocation, 1), &clone, error);
    if (good)
        report_clone(invocation, &source, &clone);
    store_instance_done(&source);
    store_instance_done(&clone);
    return good;
}

/* A snapshot does not change while its instance runs. */
static bool clone_snapshot(const struct invocation *invocation, const char *name,
                           const char *snapshot, struct error *error) {
    struct snapshot_work work = {0};
    struct store_snapshots list = {0};
    struct store_instance clone = {0};
    bool good = snapshot_work_open(invocation, name, &work, error) &&
                snapshot_table_list(invocation->home->store, work.instance.id, &list, error);
    const struct store_snapshot *found =
        good ? snapshot_name_get(&list, name, snapshot, error) : NULL;
    const struct instance_clone_source from = {&work.instance, found};
    good =
        found && snapshot_check_whole(&work.task, found, error) &&
        instance_clone(invocation->home, &from, invocation_argument(invocation, 1), &clone, error);
    if (good)
        report_clone(invocation, &work.instance, &clone);
    store_instance_done(&clone);
    store_snapshots_done(&list);
    snapshot_work_close(&work);
    return good;
}

static int run_instance_clone(struct invocation *invocation, struct error *error) {
    const char *given = invocation_argument(invocation, 0), *at = strchr(given, '@');
    scoped(alloc_release) char *name =
        at ? alloc_slice(given, (size_t)(at - given)) : alloc_string(given);
    interrupt_watch();
    bool cloned =
        at ? clone_snapshot(invocation, name, at + 1, error) : clone_stopped(invocation, error);
    return cloned ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct option_spec options[] = {INSTANCE_REPORT_OPTION, OPTIONS_END};

const struct command cmd_instance_clone = {
    .path = "instance clone",
    .brief = "clone",
    .summary = "Create a copy of an instance, including its disk",
    .arguments = "NAME[@SNAP] NEW",
    .details = "The copy has its own identity: UUID, MAC address, instance-id, seed path and "
               "ports. Settings, qemu.args and edited user-data and vendor-data are copied; a "
               "static address, port forwards and snapshots are not. The original must not run. "
               "With SNAP the copy gets what that snapshot holds, and the original may run.\n"
               "\n"
               "  pgsup instance clone test copy\n"
               "  pgsup instance clone test@before-upgrade trial",
    .options = options,
    .min_arguments = 2,
    .max_arguments = 2,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_SOURCES,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_instance_clone,
    .report = instance_report_second,
};
