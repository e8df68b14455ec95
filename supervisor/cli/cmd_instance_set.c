#include "cli/invocation.h"
#include "cli/table.h"
#include "home/home.h"
#include "home/startup.h"

#include <stdlib.h>

static const struct option_spec options[] = {
    {.name = "restart",
     .value = "no|on-failure|always",
     .help = "when the supervisor starts it again after it ended"},
    {.name = "autostart", .help = "start it whenever a supervisor starts"},
    {.name = "no-autostart", .help = "start it only when asked to"},
    {.name = "after",
     .value = "NAME",
     .help = "autostart it once this one is ready; \"\": after none"},
    OPTIONS_END,
};

static int run(struct invocation *invocation, struct error *error) {
    struct startup_options wanted = {
        .restart = invocation_option(invocation, "restart"),
        .after = invocation_option(invocation, "after"),
        .autostart = invocation_flag(invocation, "autostart"),
        .no_autostart = invocation_flag(invocation, "no-autostart"),
    };
    if (!wanted.restart && !wanted.after && !wanted.autostart && !wanted.no_autostart) {
        error_set(error, ERROR_USAGE, "say what to set: `pgsup help instance set` lists it");
        return EXIT_FAILURE;
    }
    startup_set(invocation->home->store, invocation_argument(invocation, 0), &wanted, error);
    return EXIT_SUCCESS;
}

const struct command cmd_instance_set = {
    .path = "instance set",
    .summary = "Change when an instance starts without being asked",
    .arguments = "NAME",
    .details =
        "A restart waits 1 s at first and up to 60 s later; the tenth within 10 minutes is the last.\n"
        "A guest that powers itself off has not failed; an instance that was stopped stays stopped.\n"
        "Takes effect at once, also for what runs.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run,
};
