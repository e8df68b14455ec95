#include "base/waiting.h"
#include "cli/commands/table.h"
#include "daemon/daemon.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/platform.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "cli/privileges.h"
#include "cli/service/detach.h"
#include "home/home.h"
#include "home/run_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {.name = "allow-qemu-args",
     .help = "under sudo: use qemu.args of instances, which may contain anything that their "
             "user writes there"},
    {.name = "as-root", .help = "run as root altogether, for a home of root's own"},
    {.name = "detach",
     .letter = 'd',
     .help = "return when it serves; it continues in the background and writes run/pgsup.log"},
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

/* The launcher stays behind: this is the supervisor, as the user whose home it is. */
static bool part(const struct privileges_choice *rights, const struct invocation *invocation,
                 struct daemon_options *chosen, char **home, struct error *error) {
    if (!privileges_part(rights, &chosen->launcher, error))
        return false;
    *home = home_default_path(invocation->home_option);
    chosen->home_path = *home;
    return true;
}

/* --- in the background --- */

struct background {
    struct detach detach;
    const struct invocation *invocation;
    struct privileges_choice rights;
    struct daemon_options options;
};

static void on_ready(void *context) {
    struct background *background = context;
    detach_tell(&background->detach, DETACH_SERVES);
}

/* The home exists, and the log file belongs to its owner. False with an error; already: a
 * supervisor runs. */
static bool prepare(const char *home_path, char **log, bool *already, struct error *error) {
    struct home home = {0};
    struct error absent = {0};
    if (!home_open(home_path, &home, error))
        return false;
    struct client *client = client_open_any(&home, &absent);
    *already = client != NULL;
    client_close(client);
    *log = run_folder_log(home.run);
    bool good = *already || absent.code == ERROR_NO_SUPERVISOR || error_copy(error, &absent);
    if (good && !*already)
        good = log_create(*log, error);
    home_close(&home);
    return good;
}

static bool run_child(void *context, struct error *error) {
    struct background *background = context;
    struct daemon_options *chosen = &background->options;
    scoped(alloc_release) char *path = NULL, *log = NULL;
    bool already = false;
    platform_close_others(background->detach.pipe); /* a lock of a script, for one */
    background->rights.keep = background->detach.pipe;
    if (!part(&background->rights, background->invocation, chosen, &path, error) ||
        !prepare(path, &log, &already, error))
        return false;
    if (already)
        detach_tell(&background->detach, DETACH_SERVED_ALREADY);
    return already || (log_to_file(log, error) && daemon_run(chosen, error));
}

static void detach(const struct invocation *invocation, const struct privileges_choice *rights,
                   const struct daemon_options *chosen, struct error *error) {
    struct background background = {
        .detach = {.run = run_child, .wait_as = privileges_drop},
        .invocation = invocation,
        .rights = *rights,
        .options = *chosen,
    };
    background.detach.context = &background;
    background.options.on_ready = on_ready;
    background.options.context = &background;
    if (!detach_start(&background.detach, error) || invocation->quiet)
        return;
    scoped(alloc_release) char *home = home_default_path(invocation->home_option);
    if (background.detach.result == DETACH_SERVED_ALREADY)
        printf("a supervisor runs already for %s\n", home);
    else
        printf("supervising %s in the background; `pgsup down` ends it\n", home);
}

static int run_up(struct invocation *invocation, struct error *error) {
    const struct privileges_choice rights = {
        .as_root = invocation_flag(invocation, "as-root"),
        .any_arguments = invocation_flag(invocation, "allow-qemu-args"),
        .keep = -1,
    };
    struct daemon_options chosen = {
        .keep_awake = invocation_flag(invocation, "keep-awake"),
        .any_arguments = rights.any_arguments,
    };
    scoped(alloc_release) char *path = NULL;
    waiting_watch(NULL); /* its threads wait for programs too */
    if (!read_on_stop(invocation, &chosen, error))
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "detach"))
        detach(invocation, &rights, &chosen, error);
    else if (part(&rights, invocation, &chosen, &path, error))
        daemon_run(&chosen, error);
    return EXIT_SUCCESS;
}

const struct command cmd_up = {
    .path = "up",
    .summary = "Supervise the VMs of this home",
    .details = "Serves seeds, receives phone-homes, starts and stops VMs on request, and adopts "
               "VMs that already run. It runs in the foreground until it is told to end, or with "
               "--detach in the background; `pgsup service install` starts it at every login or "
               "boot.\n"
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
               "which starts what only root may start on macOS and Linux. QEMU runs as the user. "
               "With --detach both go on in the background.",
    .options = options,
    .section = SECTION_RUN,
    .needs = NEEDS_NOTHING,
    .parts_with_root = true,
    .run = run_up,
};
