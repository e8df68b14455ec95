#include "cli/commands/table.h"
#include "daemon/daemon.h"

#include "base/alloc.h"
#include "base/log.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "cli/privileges.h"
#include "cli/service/detach.h"
#include "home/home.h"
#include "home/run_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option_spec options[] = {
    {.name = "allow-qemu-args",
     .help = "under sudo: use qemu.args of instances, which are whatever their user writes there"},
    {.name = "as-root", .help = "run as root altogether, for a home of root's own"},
    {.name = "detach",
     .letter = 'd',
     .help = "return once it serves; it goes on in the background and writes run/pgsup.log"},
    {.name = "on-stop",
     .value = "keep|shutdown",
     .help = "what SIGTERM does with the VMs: they keep running, or are shut down",
     .fallback = "shutdown"},
    {.name = "keep-awake", .help = "prevent this computer from going to sleep while a VM runs"},
    OPTIONS_END,
};

static bool read_on_stop(const struct invocation *invocation, struct daemon_options *chosen,
                         struct error *error) {
    const char *word = invocation_option(invocation, "on-stop");
    chosen->keep_on_term = strcmp(word, "keep") == 0;
    return chosen->keep_on_term || strcmp(word, "shutdown") == 0 ||
           error_set(error, ERROR_USAGE, "--on-stop is keep or shutdown, not \"%s\"", word);
}

/* --- in the background --- */

struct background {
    struct detach detach;
    struct daemon_options options;
    char *log;
};

static void on_ready(void *context) {
    struct background *background = context;
    detach_ready(&background->detach);
}

static bool run_child(void *context, struct error *error) {
    struct background *background = context;
    return log_to_file(background->log, error) && daemon_run(&background->options, error);
}

/* The home exists, and the log file belongs to its owner. False with an error; already: a
 * supervisor runs. */
static bool prepare(struct background *background, bool *already, struct error *error) {
    struct home home = {0};
    struct error absent = {0};
    if (!home_open(background->options.home_path, &home, error))
        return false;
    struct client *client = client_open_any(&home, &absent);
    *already = client != NULL;
    client_close(client);
    background->log = run_folder_log(home.run);
    bool good = *already || absent.code == ERROR_NO_SUPERVISOR || error_copy(error, &absent);
    if (good && !*already)
        good = log_create(background->log, error);
    home_close(&home);
    return good;
}

static void detach(const struct invocation *invocation, const struct daemon_options *chosen,
                   struct error *error) {
    struct background background = {.options = *chosen, .detach.run = run_child};
    bool already = false, quiet = invocation->quiet;
    background.detach.context = &background;
    background.options.on_ready = on_ready;
    background.options.context = &background;
    if (!prepare(&background, &already, error))
        return;
    if (already && !quiet)
        printf("a supervisor runs already for %s\n", chosen->home_path);
    else if (!already && detach_start(&background.detach, error) && !quiet)
        printf("supervising %s in the background; `pgsup down` ends it\n", chosen->home_path);
    alloc_release(&background.log);
}

static int run_up(struct invocation *invocation, struct error *error) {
    const struct privileges_choice rights = {
        .as_root = invocation_flag(invocation, "as-root"),
        .any_arguments = invocation_flag(invocation, "allow-qemu-args"),
    };
    int launcher;
    /* The launcher is what sudo waits for. */
    if (invocation_flag(invocation, "detach") && geteuid() == 0 && !rights.as_root) {
        error_set(error, ERROR_USAGE,
                  "--detach and sudo do not go together: run `sudo pgsup up` in a terminal of its "
                  "own, or choose a network that needs no root");
        return EXIT_FAILURE;
    }
    if (!privileges_part(&rights, &launcher, error))
        return EXIT_FAILURE;
    scoped(alloc_release) char *path = home_default_path(invocation->home_option);
    struct daemon_options chosen = {
        .home_path = path,
        .keep_awake = invocation_flag(invocation, "keep-awake"),
        .launcher = launcher,
        .any_arguments = rights.any_arguments,
    };
    if (!read_on_stop(invocation, &chosen, error))
        return 1;
    if (invocation_flag(invocation, "detach"))
        detach(invocation, &chosen, error);
    else
        daemon_run(&chosen, error);
    return 0;
}

const struct command cmd_up = {
    .path = "up",
    .summary = "Supervise the VMs of this home",
    .details = "Serves seeds, receives phone-homes, starts and stops VMs on request, and "
               "adopts VMs that already run. It runs in the foreground until it is told to end, "
               "or with --detach in the background; `pgsup service install` has it started by "
               "itself.\n"
               "\n"
               "  Ctrl-C once    stops all VMs gracefully, then ends\n"
               "  Ctrl-C twice   quits them immediately, then ends\n"
               "  Ctrl-Z         is refused: guests would freeze\n"
               "  SIGHUP         keeps the VMs running and ends (as `pgsup down --keep`)\n"
               "  SIGTERM        as Ctrl-C, or with --on-stop keep as SIGHUP\n"
               "\n"
               "Killing the supervisor harms no VM; the next `pgsup up` adopts them.\n"
               "\n"
               "Under sudo it becomes the user who called it; only a small launcher stays root, "
               "which starts what macOS and Linux give to root alone. QEMU runs as the user.",
    .options = options,
    .section = SECTION_RUN,
    .needs = NEEDS_NOTHING,
    .parts_with_root = true,
    .run = run_up,
};
