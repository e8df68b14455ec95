#include "base/alloc.h"
#include "base/file.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/idle.h"
#include "home/change/reset.h"

#include <stdio.h>
#include <stdlib.h>

static int run_instance_reset(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    scoped(file_release) int lock = -1;
    char *notice = NULL;
    bool reset = idle_claim(invocation, name, &instance, &lock, error) &&
                 instance_reset(invocation->home, &instance, &notice, error);
    invocation_notice(notice);
    store_instance_done(&instance);
    if (!reset)
        return EXIT_FAILURE;
    printf("instance \"%s\" reset: its next start is that of a new machine\n", name);
    return EXIT_SUCCESS;
}

const struct command cmd_instance_reset = {
    .path = "instance reset",
    .summary = "Make a new machine of an instance: what its guest has written is lost",
    .arguments = "NAME",
    .details = "The disk begins again from the image. cloud-init runs as at the first boot, with a "
               "new instance-id and seed path; the old host keys are forgotten, and provisioning "
               "runs again. Settings, addresses and edited files stay, as do extra disks.",
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_instance_reset,
};
