#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "home/images/image.h"

#include <stdio.h>
#include <stdlib.h>

static int run_image_verify(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    if (!image_verify(invocation->home, name, error))
        return EXIT_FAILURE;
    printf("image \"%s\" is as it came into the home\n", name);
    return EXIT_SUCCESS;
}

const struct command cmd_image_verify = {
    .path = "image verify",
    .summary = "See whether an image is still what it was",
    .arguments = "NAME",
    .details = "Compares its SHA-256 with the one that was recorded when it was imported or "
               "downloaded, and runs `qemu-img check`. Ends with 1 when the file was changed.",
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_IMAGES,
    .needs = NEEDS_HOME,
    .run = run_image_verify,
};
