#include "cli/commands/table.h"
#include "cli/invocation.h"

#include <stdio.h>
#include <stdlib.h>

static int run_version(struct invocation *invocation, struct error *error) {
    (void)invocation, (void)error;
    puts("pgsup " PGSUP_VERSION);
    return EXIT_SUCCESS;
}

const struct command cmd_version = {
    .path = "version",
    .summary = "Print the version",
    .section = SECTION_MORE,
    .run = run_version,
};
