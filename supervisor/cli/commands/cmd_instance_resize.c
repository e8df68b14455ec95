#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/backup_live.h"
#include "cli/link/instance_report.h"
#include "cli/link/offline.h"
#include "cli/link/stopped_instance.h"
#include "cli/link/vm_status.h"
#include "home/change/resize.h"
#include "home/instance/host_limits.h"
#include "machine/core/qemu_argv.h"

#include <stdio.h>
#include <stdlib.h>

/* Over the VM's second monitor, with or without a supervisor. */
static bool resize_running(const struct invocation *invocation, const struct running *running,
                           uint64_t bytes, struct error *error) {
    struct offline *offline = backup_live_check_none(invocation->home, running->name, error)
                                  ? offline_open(invocation->home, running, error)
                                  : NULL;
    if (!offline)
        return false;
    json_t *arguments = json_object();
    json_object_set_new(arguments, "node-name", json_string(QEMU_ARGV_DISK));
    json_object_set_new(arguments, "size", json_integer((json_int_t)bytes));
    json_t *answer = offline_command(offline, "block_resize", arguments, error);
    bool good = answer != NULL;
    json_decref(answer);
    offline_close(offline);
    return good || error_prefix(error, "the QEMU of %s does not enlarge its disk", running->name);
}

static bool resize_idle(const struct invocation *invocation, const char *name, uint64_t bytes,
                        struct error *error) {
    struct store_instance instance = {0};
    scoped(file_release) int lock = -1;
    bool good = stopped_instance_lock_whole(invocation, name, &instance, &lock, error) &&
                instance_resize(invocation->home, &instance, bytes, error);
    store_instance_done(&instance);
    return good;
}

/* An instance that is starting or stopping has a state but no process to ask. */
static bool resize_disk(const struct invocation *invocation, const struct store_instance *instance,
                        uint64_t bytes, bool *live, struct error *error) {
    struct running running = {0};
    bool good = vm_status_find(invocation->home, instance, &running, error);
    *live = running.pid != 0;
    if (good && *live)
        good = resize_running(invocation, &running, bytes, error) &&
               instance_resize_record(invocation->home, instance, bytes, error);
    else if (good)
        good = resize_idle(invocation, instance->name, bytes, error);
    running_done(&running);
    return good;
}

static void report_size(const char *name, uint64_t bytes, bool live) {
    char size[32];
    name_format_size(bytes, size);
    printf("the disk of \"%s\" now has %s\n", name, size);
    if (live)
        puts("the guest sees the new size immediately; its file system grows at the next "
             "boot (cloud-init's growpart), or now with\n"
             "  sudo growpart /dev/vda 1 && sudo resize2fs /dev/vda1");
    else
        puts("the file system grows at the next boot (cloud-init's growpart)");
}

static int run_instance_resize(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    uint64_t bytes = 0;
    bool live = false;
    bool good = instance_table_get(invocation->home->store, name, &instance, error) &&
                instance_resize_check(invocation->home, &instance,
                                      invocation_argument(invocation, 1), &bytes, error) &&
                resize_disk(invocation, &instance, bytes, &live, error);
    store_instance_done(&instance);
    if (!good)
        return EXIT_FAILURE;
    report_size(name, bytes, live);
    invocation_notes(host_limits_remarks(invocation->home, name));
    return EXIT_SUCCESS;
}

static const struct option_spec options[] = {INSTANCE_REPORT_OPTION, OPTIONS_END};

const struct command cmd_instance_resize = {
    .path = "instance resize",
    .brief = "resize",
    .summary = "Enlarge the disk of an instance, also while it runs",
    .arguments = "NAME SIZE",
    .details = "A disk cannot be made smaller. cloud-init's growpart enlarges the partition "
               "and the file system at the next boot; otherwise do it by hand in the "
               "guest.\n"
               "\n"
               "  pgsup instance resize test 20G",
    .options = options,
    .min_arguments = 2,
    .max_arguments = 2,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_instance_resize,
    .report = instance_report_first,
};
