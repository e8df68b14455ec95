#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/input/confirmation.h"
#include "cli/invocation.h"
#include "cli/link/instance_report.h"
#include "cli/link/stopped_instance.h"
#include "home/change/reset.h"
#include "home/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const struct option_spec options[] = {CONFIRMATION_OPTION, INSTANCE_REPORT_OPTION,
                                             OPTIONS_END};

static bool ask_rebuild(const struct invocation *invocation, const char *name,
                        struct error *error) {
    scoped(alloc_release) char *disk = layout_os_disk(invocation->home, name);
    struct stat status = {0};
    char size[32];
    stat(disk, &status);
    name_format_size((uint64_t)status.st_blocks * 512, size);
    scoped(alloc_release) char *loss = alloc_printf(
        "all that the guest \"%s\" has written to its disk, %s, will be lost", name, size);
    return confirmation_ask(invocation, loss, error);
}

static int run_instance_rebuild(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    scoped(file_release) int lock = -1;
    char *notice = NULL;
    bool reset = stopped_instance_lock(invocation, name, &instance, &lock, error) &&
                 ask_rebuild(invocation, name, error) &&
                 instance_reset(invocation->home, &instance, &notice, error);
    invocation_notice(notice);
    store_instance_done(&instance);
    if (!reset)
        return EXIT_FAILURE;
    printf("instance \"%s\" rebuilt: it starts as a new machine next time\n", name);
    return EXIT_SUCCESS;
}

const struct command cmd_instance_rebuild = {
    .path = "instance rebuild",
    .summary = "Turn an instance into a new machine: its guest's data is lost",
    .arguments = "NAME",
    .options = options,
    .details = "The disk is created again from the image. cloud-init runs as at the first "
               "boot, with a new instance-id and seed path; the old host keys are discarded, "
               "and provisioning runs again. Settings, addresses, edited files and extra "
               "disks are kept.",
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_instance_rebuild,
    .report = instance_report_first,
};

/* Beside `pgsup reset`, which harms nothing, the old name wiped disks. */
static int run_instance_reset(struct invocation *invocation, struct error *error) {
    (void)invocation;
    error_set(error, ERROR_USAGE,
              "`pgsup instance rebuild` is its name: a new machine, whose guest's data is lost; "
              "`pgsup reset` presses the reset button");
    return EXIT_FAILURE;
}

const struct command cmd_instance_reset = {
    .path = "instance reset",
    .summary = "The former name of \"instance rebuild\"",
    .arguments = "[NAME...]",
    .max_arguments = COMMAND_MANY,
    .section = SECTION_CLOUD,
    .hidden = true,
    .run = run_instance_reset,
};
