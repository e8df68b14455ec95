#include "cli/commands/table.h"
#include "daemon/daemon.h"

#include "base/alloc.h"
#include "cli/invocation.h"
#include "home/home.h"

static const struct option_spec options[] = {
    {.name = "keep-awake", .help = "prevent this computer from going to sleep while a VM runs"},
    OPTIONS_END,
};

static int run_up(struct invocation *invocation, struct error *error) {
    scoped(alloc_release) char *path = home_default_path(invocation->home_option);
    struct daemon_options choices = {path, invocation_flag(invocation, "keep-awake")};
    daemon_run(&choices, error);
    return 0;
}

const struct command cmd_up = {
    .path = "up",
    .summary = "Supervise the VMs of this home, in the foreground",
    .details = "Serves seeds, receives phone-homes, starts and stops VMs on request, and "
               "adopts VMs that already run. It runs until it is told to end:\n"
               "\n"
               "  Ctrl-C once    stops all VMs gracefully, then ends\n"
               "  Ctrl-C twice   quits them immediately, then ends\n"
               "  Ctrl-Z         is refused: guests would freeze\n"
               "  SIGHUP         keeps the VMs running and ends (as `pgsup down --keep`)\n"
               "\n"
               "Killing the supervisor harms no VM; the next `pgsup up` adopts them.",
    .options = options,
    .section = SECTION_RUN,
    .needs = NEEDS_NOTHING,
    .run = run_up,
};
