#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/idle.h"
#include "home/change/clone.h"
#include "home/home.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A guest that was seeded over HTTP trusts cloud-init's cache, also that of another machine. */
static void report_clone(const struct invocation *invocation, const struct store_instance *source,
                         const struct store_instance *made) {
    scoped(alloc_release) char *folder = home_instance_folder(invocation->home, made->name);
    printf("instance \"%s\" made in %s, from \"%s\"\n", made->name, folder, source->name);
    if (source->seed == STORE_SEED_HTTP)
        printf("if \"%s\" has been started before, \"%s\" keeps its host name and host keys until "
               "`sudo cloud-init clean --machine-id --reboot` is run in it\n",
               source->name, made->name);
}

static int run_instance_clone(struct invocation *invocation, struct error *error) {
    struct store_instance source = {0}, made = {0};
    scoped(file_release) int lock = -1;
    interrupt_watch();
    bool cloned =
        idle_claim(invocation, invocation_argument(invocation, 0), &source, &lock, error) &&
        instance_clone(invocation->home, &source, invocation_argument(invocation, 1), &made, error);
    if (cloned)
        report_clone(invocation, &source, &made);
    store_instance_done(&source);
    store_instance_done(&made);
    return cloned ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command cmd_instance_clone = {
    .path = "instance clone",
    .summary = "Make another instance of one, with a copy of its disk",
    .arguments = "NAME NEW",
    .details = "The new one has an identity of its own: uuid, MAC, instance-id, seed path, ports. "
               "Settings, qemu.args and edited user-data and vendor-data are copied, a static "
               "address and forwards are not. The one that is copied must not run.",
    .min_arguments = 2,
    .max_arguments = 2,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_instance_clone,
};
