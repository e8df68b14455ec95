#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/definition_report.h"
#include "home/images/image.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {DEFINITION_REPORT_OPTION, OPTIONS_END};

static int run_image_verify(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    if (!image_verify(invocation->home, name, error))
        return EXIT_FAILURE;
    printf("image \"%s\" is unchanged since it was added\n", name);
    return EXIT_SUCCESS;
}

const struct command cmd_image_verify = {
    .path = "image verify",
    .summary = "Check that an image is unchanged",
    .arguments = "NAME",
    .details = "Compares its SHA-256 with the one recorded when it was imported or "
               "downloaded, and runs `qemu-img check`. The exit status is 1 if the file has "
               "changed.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_IMAGES,
    .needs = NEEDS_HOME,
    .run = run_image_verify,
    .report = definition_report_image,
};
