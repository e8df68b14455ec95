#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/definition_report.h"
#include "home/images/image.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {DEFINITION_REPORT_OPTION, OPTIONS_END};

static int run_image_remove(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    if (!image_remove(invocation->home, name, error))
        return EXIT_FAILURE;
    printf("image \"%s\" removed\n", name);
    return EXIT_SUCCESS;
}

const struct command cmd_image_remove = {
    .path = "image remove",
    .alias = "rm",
    .summary = "Remove an image that no instance uses",
    .arguments = "NAME",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_IMAGES,
    .needs = NEEDS_HOME,
    .run = run_image_remove,
    .report = definition_report_removed,
};
