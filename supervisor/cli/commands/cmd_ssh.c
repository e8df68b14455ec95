#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/guest_ready.h"
#include "cli/link/ssh_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TRANSPORT_STATUS = 255 };

static const struct option_spec options[] = {
    {.name = "user",
     .letter = 'l',
     .value = "USER",
     .help = "log in as this user; default: that of `cloud set --ssh-user`, else ansible"},
    {.name = "local-forward",
     .letter = 'L',
     .value = "[ADDRESS:]PORT:HOST:PORT",
     .help = "forward a port of this computer to one that the guest reaches",
     .many = true},
    {.name = "remote-forward",
     .letter = 'R',
     .value = "[ADDRESS:]PORT:HOST:PORT",
     .help = "forward a port of the guest to one that this computer reaches",
     .many = true},
    {.name = "dynamic-forward",
     .letter = 'D',
     .value = "[ADDRESS:]PORT",
     .help = "forward a port of this computer as a SOCKS proxy",
     .many = true},
    {.name = "no-command", .letter = 'N', .help = "run nothing in the guest, only forward ports"},
    {.name = "forward-agent", .letter = 'A', .help = "let the guest use your ssh agent"},
    {.name = "tty",
     .letter = 't',
     .help = "give the command a terminal; twice: even if this is none",
     .many = true},
    {.name = "option",
     .letter = 'o',
     .value = "KEY=VALUE",
     .help = "setting of ssh_config(5), which counts more than pgsup's",
     .many = true},
    GUEST_READY_OPTIONS,
    OPTIONS_END,
};

static void add_values(const struct invocation *invocation, const char *name, const char *letter,
                       struct strv *words) {
    for (char *const *each = invocation_values(invocation, name); *each; each++) {
        strv_push(words, letter);
        if (**each)
            strv_push(words, *each);
    }
}

static void collect_options(const struct invocation *invocation, struct strv *words) {
    add_values(invocation, "option", "-o", words);
    add_values(invocation, "local-forward", "-L", words);
    add_values(invocation, "remote-forward", "-R", words);
    add_values(invocation, "dynamic-forward", "-D", words);
    add_values(invocation, "tty", "-t", words);
    if (invocation_flag(invocation, "no-command"))
        strv_push(words, "-N");
    if (invocation_flag(invocation, "forward-agent"))
        strv_push(words, "-A");
}

static int run_ssh(struct invocation *invocation, struct error *error) {
    scoped(strv_done) struct strv argv = {0}, words = {0};
    const struct ssh_command command = {.name = invocation_argument(invocation, 0),
                                        .user = invocation_option(invocation, "user"),
                                        .options = &words};
    collect_options(invocation, &words);
    if (guest_ready_wait(invocation, command.name, error) &&
        ssh_command_make(invocation->home, &command, &argv, error)) {
        for (size_t i = 1; i < invocation_argument_count(invocation); i++)
            strv_push(&argv, invocation_argument(invocation, i));
        fflush(stdout);
        execv(argv.items[0], argv.items);
        error_errno(error, "cannot run %s", argv.items[0]);
    }
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
        "and not with yours: only the cloud's keys are offered, and no jump host is used. See "
        "`pgsup help ssh-config` for ssh, scp, rsync and git without pgsup.\n"
        "\n"
        "The words of COMMAND are joined with blanks and given to the user's shell in the "
        "guest, as ssh does: quote what that shell must not take apart once more. Options stand "
        "before COMMAND, in front of NAME or behind it.\n"
        "\n"
        "  pgsup ssh test -- sh -c \"'cd /tmp && ls -l'\"\n"
        "  pgsup ssh test -- uname -m\n"
        "  pgsup ssh test -N -L 8080:localhost:80\n"
        "  pgsup ssh --wait test",
    .options = options,
    .min_arguments = 1,
    .max_arguments = COMMAND_MANY,
    .stop_at_arguments = true,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .for_programs = true,
    .run = run_ssh,
};
