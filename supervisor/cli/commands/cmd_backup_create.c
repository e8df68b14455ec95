#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/backup_live.h"
#include "cli/link/stopped_instance.h"
#include "cli/link/vm_status.h"
#include "cli/output/backup_output.h"
#include "cli/output/progress_bar.h"
#include "home/backup/backup_make.h"
#include "home/backup/backup_retention.h"
#include "store/backup_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {.name = "to",
     .value = "DIR",
     .help =
         "the folder in which the backup is made; the one of --backup-to of `pgsup instance set` "
         "otherwise"},
    {.name = "full", .help = "self-contained: nothing else is needed to restore it (the default)"},
    {.name = "thin", .help = "only what differs from the image, which is needed to restore it"},
    {.name = "limit", .value = "SIZE", .help = "bytes to copy in a second, at most, such as 50M"},
    {.name = "no-freeze",
     .help = "do not have the guest agent freeze the file systems of a running guest"},
    {"automatic", .help = "as the supervisor does by --backup-every", .hidden = true},
    {.name = "json", .help = "print a JSON document"},
    OPTIONS_END,
};

static bool read_backup_options(const struct invocation *invocation,
                                struct backup_options *options_read, struct error *error) {
    bool thin = invocation_flag(invocation, "thin");
    const char *limit = invocation_option(invocation, "limit");
    if (thin && invocation_flag(invocation, "full"))
        return error_set(error, ERROR_USAGE, "--thin excludes --full");
    options_read->kind = thin ? BACKUP_THIN : BACKUP_FULL;
    return !limit ||
           (name_parse_size(limit, &options_read->limit_bytes) && options_read->limit_bytes > 0 &&
            options_read->limit_bytes <= INT64_MAX) ||
           error_set(error, ERROR_USAGE,
                     "option \"--limit\": \"%.40s\" is not a number of bytes: use one such as 50M",
                     limit);
}

static bool back_up_stopped(const struct invocation *invocation, struct backup_making *making,
                            struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    scoped(file_release) int lock = -1;
    bool good = stopped_instance_lock_whole(invocation, name, &instance, &lock, error) &&
                backup_begin(making, name, error) && backup_copy_disks(making, error) &&
                backup_finish(making, BACKUP_STOPPED, error);
    store_instance_done(&instance);
    return good;
}

static bool back_up_running(const struct invocation *invocation, const struct running *running,
                            struct backup_making *making, struct error *error) {
    struct progress_bar bar;
    struct backup_live live = {.running = running,
                               .freezes = !invocation_flag(invocation, "no-freeze"),
                               .progress = progress_bar_report,
                               .context = &bar};
    enum backup_moment moment = BACKUP_CRASH;
    scoped(file_release) int lock = backup_live_lock(invocation->home, running->name, error);
    if (lock < 0 || !backup_begin(making, running->name, error))
        return false;
    progress_bar_init(&bar, running->name, invocation);
    bool good = backup_live_copy(&live, making, &moment, error);
    progress_bar_done(&bar);
    if (live.unfrozen.code != ERROR_NONE)
        making->manifest.description =
            name_printable(live.unfrozen.text, strlen(live.unfrozen.text), 400);
    return good && backup_finish(making, moment, error);
}

static bool back_up(const struct invocation *invocation, struct backup_making *making,
                    struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    struct running running = {0};
    bool good = instance_table_get(invocation->home->store, name, &instance, error) &&
                vm_status_find(invocation->home, &instance, &running, error);
    if (good && running.name && !running.tag)
        good = error_set(error, ERROR_WRONG_STATE, "it is being started: try again");
    good = good && (running.name ? back_up_running(invocation, &running, making, error)
                                 : back_up_stopped(invocation, making, error));
    running_done(&running);
    store_instance_done(&instance);
    return good;
}

/* The one given, else the one that the instance is backed up to by the supervisor. Caller frees. */
static char *choose_folder(const struct invocation *invocation, struct store_backup *backup,
                           struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    const char *given = invocation_option(invocation, "to");
    if (given && !*given) {
        error_set(error, ERROR_USAGE, "option \"--to\": the name of the folder is empty");
        return NULL;
    }
    struct store_instance instance = {0};
    bool good = instance_table_get(invocation->home->store, name, &instance, error) &&
                backup_table_get(invocation->home->store, instance.id, backup, error);
    store_instance_done(&instance);
    if (good && !given && !backup->folder)
        error_set(error, ERROR_USAGE, "the option --to DIR says in which folder it is made");
    return good && (given || backup->folder) ? file_absolute(given ? given : backup->folder) : NULL;
}

/* An automatic one is the last of its period, and the oldest ones go. */
static bool end_automatic(const struct invocation *invocation, const struct backup_making *making,
                          const struct store_backup *backup, struct error *error) {
    if (!making->options->automatic)
        return true;
    return backup_table_set_made(invocation->home->store, backup->instance,
                                 making->manifest.created_ms, error) &&
           (!backup->keep ||
            backup_retention_expire(making->final, &making->manifest, backup->keep, error));
}

static bool run_making(const struct invocation *invocation, struct backup_making *making,
                       const struct store_backup *backup, struct error *error) {
    bool good = back_up(invocation, making, error);
    if (!good)
        return error_prefix(error, "no backup of \"%s\" was made",
                            invocation_argument(invocation, 0));
    backup_output_made(invocation, making->final, &making->manifest);
    return end_automatic(invocation, making, backup, error);
}

static int run_backup_create(struct invocation *invocation, struct error *error) {
    struct store_backup backup = {0};
    struct backup_options wanted = {.pgsup = PGSUP_VERSION,
                                    .automatic = invocation_flag(invocation, "automatic")};
    struct backup_making making = {.home = invocation->home, .options = &wanted, .lock = -1};
    interrupt_watch();
    if (!read_backup_options(invocation, &wanted, error))
        return EXIT_FAILURE;
    scoped(alloc_release) char *folder = choose_folder(invocation, &backup, error);
    wanted.folder = folder;
    bool good = folder && home_check_outside(invocation->home, folder, error) &&
                run_making(invocation, &making, &backup, error);
    store_backup_done(&backup);
    backup_end(&making);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command cmd_backup_create = {
    .path = "backup create",
    .summary = "Back up an instance to a folder outside of the home",
    .arguments = "NAME",
    .details = "The backup is a folder DIR/NAME-TIME with the disks, the documents of the seed, "
               "the host keys, and manifest.json, which has the definition of the instance and "
               "the SHA-256 of every file. It appears under that name when all of it is on the "
               "disk.\n"
               "\n"
               "The backup contains secrets, as the home does: only its owner can read the "
               "folder.\n"
               "\n"
               "  pgsup backup create test --to /mnt/backups\n"
               "\n"
               "`pgsup help backups` tells more.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_backup_create,
};
