#include "base/alloc.h"
#include "base/file.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "cli/link/definition_report.h"
#include "cli/output/progress.h"
#include "home/home.h"
#include "home/run_folder.h"

#include <fcntl.h>
#include <poll.h>

enum { EXIT_TIMEOUT_MS = 10000, POLL_INTERVAL_MS = 20 };

static const struct option_spec options[] = {
    {.name = "keep", .help = "keep the VMs running; the next `pgsup up` adopts them"},
    {.name = "suspend", .help = "suspend the VMs, and stop those that cannot be"},
    PROGRESS_OPTIONS,
    DEFINITION_REPORT_OPTION,
    OPTIONS_END,
};

/* The supervisor answers shortly before it ends; a `pgsup up` that follows must not find it. */
static void wait_for_exit(const struct home *home) {
    scoped(alloc_release) char *path = run_folder_lock(home->run);
    scoped(file_release) int fd = open(path, O_RDWR | O_CLOEXEC);
    for (int waited = 0; fd >= 0 && waited < EXIT_TIMEOUT_MS; waited += POLL_INTERVAL_MS) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
            return;
        poll(NULL, 0, POLL_INTERVAL_MS);
    }
}

static int run_down(struct invocation *invocation, struct error *error) {
    struct progress progress;
    struct client *client = NULL;
    bool keep = invocation_flag(invocation, "keep"),
         suspend = invocation_flag(invocation, "suspend");
    if (keep && suspend) {
        error_set(error, ERROR_USAGE, "--keep and --suspend exclude each other");
        return 1;
    }
    if (progress_init(&progress, invocation, error))
        client = client_open_any(invocation->home, error);
    if (!client)
        return 1;
    progress.everything = true;
    json_t *params = json_object();
    json_object_set_new(params, "keep", json_boolean(keep));
    json_object_set_new(params, "suspend", json_boolean(suspend));
    json_decref(client_call_shown(client, "down", params, &progress, error));
    progress_done(&progress);
    client_close(client);
    if (error->code == ERROR_CANCELLED) {
        error_clear(error);
        error_set(error, ERROR_CANCELLED,
                  "the supervisor goes on stopping its VMs, then ends: `pgsup list` shows them");
    }
    if (error->code == ERROR_NONE)
        wait_for_exit(invocation->home);
    return 0;
}

const struct command cmd_down = {
    .path = "down",
    .summary = "Stop all instances, then end the supervisor",
    .details = "An instance that others name in their --after stops after these. With --suspend "
               "it saves the guests' memory to disk, as `pgsup suspend` does; `pgsup start` lets "
               "them continue.",
    .options = options,
    .section = SECTION_RUN,
    .needs = NEEDS_HOME,
    .run = run_down,
    .report = definition_report_done,
};
