#include "base/alloc.h"
#include "base/buffer.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/console_session.h"
#include "cli/link/human_monitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct option_spec options[] = {
    {.name = "read-only", .letter = 'r', .help = "watch, and type nothing"},
    {.name = "take", .help = "take over typing from another client, which then only watches"},
    OPTIONS_END,
};

static int run_console(struct invocation *invocation, struct error *error) {
    const struct console_link_options chosen = {
        .name = invocation_argument(invocation, 0),
        .read_only = invocation_flag(invocation, "read-only"),
        .take = invocation_flag(invocation, "take"),
    };
    if (chosen.read_only && chosen.take)
        error_set(error, ERROR_USAGE, "--read-only and --take exclude each other");
    else
        console_session_run(invocation->home, &chosen, error);
    return EXIT_SUCCESS;
}

const struct command cmd_console = {
    .path = "console",
    .summary = "Use the serial console of an instance in this terminal",
    .arguments = "NAME",
    .details = "Shows the last output, then new output. One client types, any number watch. A "
               "client that does not read is dropped, so that it never holds up the guest.\n"
               "\n"
               "  Ctrl-]         leaves; the VM keeps running\n"
               "  Ctrl-A C       QEMU's monitor, and back\n"
               "  Ctrl-A Ctrl-A  Ctrl-A\n"
               "\n"
               "A serial line carries no window size: `stty rows 40 columns 120` in the guest "
               "sets it. Also works without a supervisor, then for one client.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_console,
};

static char *join_words(const struct invocation *invocation) {
    struct buffer text = {0};
    for (size_t i = 1; i < invocation_argument_count(invocation); i++)
        buffer_printf(&text, "%s%s", i > 1 ? " " : "", invocation_argument(invocation, i));
    return buffer_take(&text);
}

static int run_monitor(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct human_monitor monitor = {0};
    if (invocation_argument_count(invocation) == 1 && isatty(STDIN_FILENO)) {
        console_session_monitor(invocation->home, name, error);
        return EXIT_SUCCESS;
    }
    if (invocation_argument_count(invocation) == 1)
        error_set(error, ERROR_USAGE, "\"monitor\" needs a command, or a terminal");
    scoped(alloc_release) char *command = join_words(invocation);
    scoped(alloc_release) char *answer = NULL;
    if (error->code == ERROR_NONE && human_monitor_open(&monitor, invocation->home, name, error))
        answer = human_monitor_run(&monitor, command, error);
    for (const char *each = answer ? answer : ""; *each; each++)
        if (*each != '\r')
            putchar(*each);
    human_monitor_close(&monitor);
    return EXIT_SUCCESS;
}

const struct command cmd_monitor = {
    .path = "monitor",
    .summary = "Use QEMU's human monitor",
    .arguments = "NAME [COMMAND...]",
    .details = "Prints the answer to one command, or reads commands from the terminal, with "
               "completion by Tab. Whoever can use it has full control of the VM.\n"
               "\n"
               "  pgsup monitor test info block",
    .min_arguments = 1,
    .max_arguments = COMMAND_MANY,
    .stop_at_arguments = true,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_monitor,
};
