#include "base/alloc.h"
#include "base/file.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/instance_report.h"
#include "cli/link/stopped_instance.h"
#include "home/change/rename.h"

#include <stdio.h>
#include <stdlib.h>

static int run_instance_rename(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    const char *other = invocation_argument(invocation, 1);
    struct store_instance instance = {0};
    scoped(file_release) int lock = -1;
    char *notice = NULL;
    bool renamed = stopped_instance_lock(invocation, name, &instance, &lock, error) &&
                   instance_rename(invocation->home, &instance, other, &notice, error);
    invocation_notice(notice);
    store_instance_done(&instance);
    if (!renamed)
        return EXIT_FAILURE;
    printf("instance \"%s\" renamed to \"%s\"\n"
           "its guest keeps the host name \"%s\" until you run `hostnamectl set-hostname "
           "%s` in it\n",
           name, other, name, other);
    return EXIT_SUCCESS;
}

static const struct option_spec options[] = {INSTANCE_REPORT_OPTION, OPTIONS_END};

const struct command cmd_instance_rename = {
    .path = "instance rename",
    .brief = "rename",
    .summary = "Rename an instance",
    .arguments = "NAME NEW",
    .details = "It remains the same machine and keeps its disk, addresses and host keys. It "
               "must not run.",
    .options = options,
    .min_arguments = 2,
    .max_arguments = 2,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_instance_rename,
    .report = instance_report_second,
};
