#include "base/alloc.h"
#include "base/file.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/stopped_instance.h"
#include "home/change/reset.h"

#include <stdio.h>
#include <stdlib.h>

static int run_instance_reset(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    scoped(file_release) int lock = -1;
    char *notice = NULL;
    bool reset = stopped_instance_lock(invocation, name, &instance, &lock, error) &&
                 instance_reset(invocation->home, &instance, &notice, error);
    invocation_notice(notice);
    store_instance_done(&instance);
    if (!reset)
        return EXIT_FAILURE;
    printf("instance \"%s\" reset: it starts as a new machine next time\n", name);
    return EXIT_SUCCESS;
}

const struct command cmd_instance_reset = {
    .path = "instance reset",
    .summary = "Turn an instance into a new machine: its guest's data is lost",
    .arguments = "NAME",
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
    .run = run_instance_reset,
};
