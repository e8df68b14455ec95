#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/ssh_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TRANSPORT_STATUS = 255 };

static const struct option_spec options[] = {
    {.name = "user",
     .letter = 'l',
     .value = "USER",
     .help = "log in as this user",
     .fallback = "ansible"},
    OPTIONS_END,
};

static int run_ssh(struct invocation *invocation, struct error *error) {
    struct strv argv = {0};
    const struct ssh_command command = {.name = invocation_argument(invocation, 0),
                                        .user = invocation_option(invocation, "user")};
    if (ssh_command_make(invocation->home, &command, &argv, error)) {
        for (size_t i = 1; i < invocation_argument_count(invocation); i++)
            strv_push(&argv, invocation_argument(invocation, i));
        fflush(stdout);
        execv(argv.items[0], argv.items);
        error_errno(error, "cannot run %s", argv.items[0]);
    }
    strv_done(&argv);
    return TRANSPORT_STATUS;
}

const struct command cmd_ssh = {
    .path = "ssh",
    .alias = "shell",
    .summary = "Log in to a guest, or run a command there",
    .arguments = "NAME [COMMAND...]",
    .details =
        "The guest's host key is checked against the one that pgsup gave it or that "
        "it reported when it phoned home. The exit status is that of the command, or "
        "255 if ssh itself failed. ssh is run with pgsup's own configuration, PATH/ssh_config, "
        "and not with yours: only the cloud's keys are offered, and no jump host is used.\n"
        "\n"
        "The words of COMMAND are joined with blanks and given to the user's shell in the "
        "guest, as ssh does: quote what that shell must not take apart once more.\n"
        "\n"
        "  pgsup ssh test -- sh -c \"'cd /tmp && ls -l'\"\n"
        "  pgsup ssh test -- uname -m",
    .options = options,
    .min_arguments = 1,
    .max_arguments = COMMAND_MANY,
    .stop_at_arguments = true,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_ssh,
};
