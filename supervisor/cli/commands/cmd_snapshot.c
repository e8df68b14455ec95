/* snapshot create, list and remove. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/backup_live.h"
#include "cli/link/snapshot_work.h"
#include "cli/output/json_output.h"
#include "cli/output/rows_output.h"
#include "home/home.h"
#include "home/snapshot/kept_files.h"
#include "home/snapshot/snapshot_name.h"
#include "home/unfinished.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMENT_MAX      200
#define AUTOMATIC_PREFIX "auto"
#define MANUAL_PREFIX    "snap"

static bool check_no_backup(const struct snapshot_work *work, struct error *error) {
    return !work->task.disks.runs ||
           backup_live_check_none(work->task.home, work->instance.name, error);
}

/* --- create --- */

static const struct option_spec create_options[] = {
    {"comment", .value = "TEXT", .help = "what it is for, at most 200 bytes"},
    {"no-freeze", .help = "leave the file systems of a running guest as they are"},
    {"freeze-required", .help = "make none if they cannot be frozen"},
    {"automatic", .help = "as the supervisor does by --snapshot-every", .hidden = true},
    {"json", .help = "print the snapshots that the instance has then: `pgsup help json`"},
    OPTIONS_END,
};

static bool check_create(const struct invocation *invocation, struct error *error) {
    const char *comment = invocation_option(invocation, "comment");
    scoped(alloc_release) char *safe = comment ? name_safe(comment) : NULL;
    if (invocation_flag(invocation, "no-freeze") && invocation_flag(invocation, "freeze-required"))
        return error_set(error, ERROR_USAGE, "--no-freeze excludes --freeze-required");
    if (invocation_flag(invocation, "automatic") && invocation_argument(invocation, 1))
        return error_set(error, ERROR_USAGE, "an automatic snapshot is named by its time");
    if (invocation_argument(invocation, 1) &&
        !snapshot_name_check(invocation_argument(invocation, 1), error))
        return false;
    return !comment || (strlen(comment) <= COMMENT_MAX && strcmp(safe, comment) == 0) ||
           error_set(error, ERROR_INVALID,
                     "the comment is one line of at most %d bytes, without control characters",
                     COMMENT_MAX);
}

static bool name_snapshot(const struct invocation *invocation, const struct snapshot_work *work,
                          struct store_snapshot *snapshot, struct error *error) {
    const char *given = invocation_argument(invocation, 1);
    bool automatic = invocation_flag(invocation, "automatic");
    struct store_snapshots list = {0};
    if (!snapshot_table_list(work->task.home->store, work->instance.id, &list, error))
        return false;
    snapshot->origin = automatic ? STORE_SNAPSHOT_AUTOMATIC : STORE_SNAPSHOT_BY_USER;
    snapshot->comment = alloc_string(invocation_option(invocation, "comment"));
    snapshot->name = given ? alloc_string(given)
                           : snapshot_name_new(automatic ? AUTOMATIC_PREFIX : MANUAL_PREFIX,
                                               clock_wall_ms(), &list);
    store_snapshots_done(&list);
    return true;
}

static void report_made(const struct snapshot_work *work, const struct store_snapshot *snapshot) {
    const char *name = work->instance.name;
    switch (snapshot->consistency) {
    case STORE_SNAPSHOT_STOPPED:
        printf("snapshot \"%s\" of \"%s\" created\n", snapshot->name, name);
        break;
    case STORE_SNAPSHOT_FROZEN:
        printf("snapshot \"%s\" of \"%s\" created: its file systems were frozen for %.2f s\n",
               snapshot->name, name, (double)work->live.frozen_ms / 1000);
        break;
    case STORE_SNAPSHOT_CRASH:
        printf("snapshot \"%s\" of \"%s\" created, crash-consistent: %s\n", snapshot->name, name,
               work->live.unfrozen.text);
        break;
    }
}

/* keep 0: all. Those of a clock that was ahead go first: they would outlast all others. */
static bool remove_oldest(const struct snapshot_work *work, struct error *error) {
    struct store_snapshots list = {0};
    int64_t now_ms = clock_wall_ms();
    size_t automatic = 0, keep = work->instance.snapshot_keep;
    bool good = snapshot_table_list(work->task.home->store, work->instance.id, &list, error);
    for (size_t i = 0; i < list.count; i++)
        automatic += list.items[i].origin == STORE_SNAPSHOT_AUTOMATIC;
    for (size_t turn = 0; good && keep && turn < 2 * list.count && automatic > keep; turn++) {
        struct store_snapshot *each = &list.items[turn % list.count];
        bool is_ahead = each->created_ms > now_ms;
        if (each->origin != STORE_SNAPSHOT_AUTOMATIC || is_ahead != (turn < list.count))
            continue;
        good = snapshot_remove(&work->task, each, error);
        automatic--;
    }
    store_snapshots_done(&list);
    return good;
}

static enum live_snapshot_freeze freeze_of(const struct invocation *invocation) {
    if (invocation_flag(invocation, "no-freeze"))
        return LIVE_SNAPSHOT_NEVER;
    return invocation_flag(invocation, "freeze-required") ? LIVE_SNAPSHOT_MUST : LIVE_SNAPSHOT_TRY;
}

static int run_snapshot_create(struct invocation *invocation, struct error *error) {
    struct snapshot_work work = {.live = {.freeze = freeze_of(invocation)}};
    struct store_snapshot snapshot = {0};
    if (!check_create(invocation, error))
        return EXIT_FAILURE;
    interrupt_watch();
    bool good = snapshot_work_open(invocation, invocation_argument(invocation, 0), &work, error) &&
                check_no_backup(&work, error) &&
                name_snapshot(invocation, &work, &snapshot, error) &&
                snapshot_make(&work.task, &snapshot, error);
    if (good)
        report_made(&work, &snapshot);
    if (good && invocation_flag(invocation, "automatic"))
        good = remove_oldest(&work, error);
    store_snapshot_done(&snapshot);
    snapshot_work_close(&work);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- list --- */

static const struct option_spec list_options[] = {
    {"json", .help = "print one JSON array: `pgsup help json`"},
    ROWS_NAMES_OPTION,
    OPTIONS_END,
};

static json_t *disk_objects(const struct store_snapshot *snapshot) {
    json_t *list = json_array();
    for (size_t i = 0; i < snapshot->disk_count; i++) {
        json_t *disk = json_object();
        json_object_set_new(disk, "name", json_output_text(snapshot->disks[i].name));
        json_object_set_new(disk, "bytes", json_integer((json_int_t)snapshot->disks[i].bytes));
        json_array_append_new(list, disk);
    }
    return list;
}

/* One that somebody removed from a disk is "missing", and one whose files are gone. */
static const char *state_of(const struct home *home, const struct store_snapshot *snapshot) {
    scoped(strv_done) struct strv missing = {0};
    struct error unread = {0};
    if (snapshot->state != STORE_SNAPSHOT_KEPT)
        return store_snapshot_state_word(snapshot->state);
    if (!snapshot_look(home, snapshot, &missing, &unread))
        invocation_warn("%s", unread.text);
    bool whole =
        missing.count == 0 && kept_files_check(home, snapshot->instance_name, snapshot->name, NULL);
    return !whole ? "missing" : store_snapshot_state_word(snapshot->state);
}

/* Without a look at the disks. */
static void print_names(const struct store_snapshots *list) {
    for (size_t i = 0; i < list->count; i++)
        puts(list->items[i].name);
}

static json_t *snapshot_rows(const struct home *home, const struct store_snapshots *list) {
    json_t *rows = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct store_snapshot *snapshot = &list->items[i];
        json_t *row = json_object();
        json_output_schema(row);
        json_object_set_new(row, "instance", json_output_text(snapshot->instance_name));
        json_object_set_new(row, "name", json_output_text(snapshot->name));
        json_object_set_new(row, "created", json_output_time(snapshot->created_ms));
        json_object_set_new(row, "state", json_string(state_of(home, snapshot)));
        json_object_set_new(row, "consistency",
                            json_string(store_snapshot_consistency_word(snapshot->consistency)));
        json_object_set_new(row, "origin",
                            json_string(store_snapshot_origin_word(snapshot->origin)));
        json_object_set_new(row, "comment", json_output_text(snapshot->comment));
        json_object_set_new(row, "disks", disk_objects(snapshot));
        json_array_append_new(rows, row);
    }
    return rows;
}

static const struct rows_column columns[] = {
    {"INSTANCE", .key = "instance"}, {"SNAPSHOT", .key = "name"},
    {"CREATED", .key = "created"},   {"STATE", .key = "state"},
    {"TAKEN", .key = "consistency"}, {"BY", .key = "origin"},
    {"COMMENT", .key = "comment"},   ROWS_END,
};

/* One that another process works on is shown as it is. */
static void settle_left(const struct invocation *invocation, const char *name) {
    struct snapshot_work work = {0};
    struct error problem = {0};
    if (!snapshot_work_open(invocation, name, &work, &problem))
        invocation_warn("%s", problem.text);
    snapshot_work_close(&work);
}

static void settle_all(const struct invocation *invocation, const struct store_snapshots *list) {
    const char *last = "";
    for (size_t i = 0; i < list->count; i++) {
        bool pending = list->items[i].state != STORE_SNAPSHOT_KEPT;
        if (pending && strcmp(list->items[i].instance_name, last) != 0)
            settle_left(invocation, last = list->items[i].instance_name);
    }
}

static bool list_of(const struct invocation *invocation, struct store_snapshots *list,
                    struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    bool good = !name || instance_table_get(invocation->home->store, name, &instance, error);
    good = good && snapshot_table_list(invocation->home->store, instance.id, list, error);
    store_instance_done(&instance);
    return good;
}

static int run_snapshot_list(struct invocation *invocation, struct error *error) {
    struct store_snapshots list = {0};
    if (!list_of(invocation, &list, error))
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "names-only")) {
        print_names(&list);
        store_snapshots_done(&list);
        return EXIT_SUCCESS;
    }
    const char *name = invocation_argument(invocation, 0);
    if (name && unfinished_is_marked(invocation->home, name))
        settle_left(invocation, name);
    else
        settle_all(invocation, &list);
    store_snapshots_done(&list);
    if (!list_of(invocation, &list, error))
        return EXIT_FAILURE;
    rows_output_print(invocation, snapshot_rows(invocation->home, &list), columns);
    store_snapshots_done(&list);
    return EXIT_SUCCESS;
}

static void report_snapshots(struct invocation *invocation, struct error *error) {
    struct store *store = invocation->home->store;
    struct store_instance instance = {0};
    struct store_snapshots list = {0};
    if (instance_table_get(store, invocation_argument(invocation, 0), &instance, error) &&
        snapshot_table_list(store, instance.id, &list, error))
        json_output_print(snapshot_rows(invocation->home, &list));
    store_snapshots_done(&list);
    store_instance_done(&instance);
}

const struct command cmd_snapshot_create = {
    .path = "snapshot create",
    .summary = "Keep an instance as it is now, also while it runs",
    .arguments = "NAME [SNAP]",
    .details = "The snapshot has all disks at the same moment, inside their files, and the "
               "documents and host keys beside them. The agent of a running guest freezes its "
               "file systems for that moment; without an agent the snapshot is crash-consistent: "
               "as after a power cut. A snapshot does not contain memory. Without SNAP its name "
               "is the time.\n"
               "\n"
               "  pgsup snapshot create test before-upgrade --comment 'all is well'",
    .options = create_options,
    .min_arguments = 1,
    .max_arguments = 2,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_snapshot_create,
    .report = report_snapshots,
};

const struct command cmd_snapshot_list = {
    .path = "snapshot list",
    .alias = "ls",
    .summary = "List the snapshots of an instance, or of all",
    .arguments = "[NAME]",
    .details = "TAKEN is \"frozen\" if the file systems of a running guest were frozen, "
               "\"stopped\" if the instance did not run, or \"crash\": as a crash at that moment "
               "would have left them. The state \"missing\" means that the snapshot was removed "
               "from a disk by another program. This command also completes or undoes what an "
               "interrupted command has begun.",
    .options = list_options,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_snapshot_list,
};

/* --- remove --- */

static const struct option_spec remove_options[] = {
    {"all", .letter = 'a', .help = "all snapshots of the instance"},
    {"json", .help = "print the snapshots that the instance has then: `pgsup help json`"},
    OPTIONS_END,
};

/* A restore that can still be completed needs it. */
static bool check_not_needed(const struct snapshot_work *work,
                             const struct store_snapshot *snapshot, struct error *error) {
    const char *name = work->instance.name;
    if (snapshot->state != STORE_SNAPSHOT_RESTORING)
        return true;
    if (snapshot_check_whole(&work->task, snapshot, NULL))
        return error_set(error, ERROR_WRONG_STATE,
                         "the interrupted restore of \"%s\" would stay incomplete: `pgsup snapshot "
                         "restore %s %s` completes it",
                         snapshot->name, name, snapshot->name);
    invocation_warn("\"%s\" stays as its interrupted restore has left it: some of its disks may be "
                    "those of \"%s\", and some not",
                    name, snapshot->name);
    return true;
}

static bool remove_named(const struct invocation *invocation, const struct snapshot_work *work,
                         const char *name, struct error *error) {
    struct store_snapshots list = {0};
    bool good = snapshot_table_list(work->task.home->store, work->instance.id, &list, error);
    const struct store_snapshot *found =
        good ? snapshot_name_get(&list, work->instance.name, name, error) : NULL;
    struct store_snapshot snapshot = found ? *found : (struct store_snapshot){0};
    bool gives_up_restore = snapshot.state == STORE_SNAPSHOT_RESTORING;
    good = found && check_not_needed(work, &snapshot, error) &&
           snapshot_remove(&work->task, &snapshot, error) &&
           (!gives_up_restore || snapshot_work_finish(invocation, work, error));
    if (good)
        printf("snapshot \"%s\" of \"%s\" removed\n", name, work->instance.name);
    store_snapshots_done(&list);
    return good;
}

static bool remove_all(const struct invocation *invocation, const struct snapshot_work *work,
                       struct error *error) {
    struct store_snapshots list = {0};
    bool good = snapshot_table_list(work->task.home->store, work->instance.id, &list, error);
    for (size_t i = 0; good && i < list.count; i++)
        good = remove_named(invocation, work, list.items[i].name, error);
    store_snapshots_done(&list);
    return good;
}

static int run_snapshot_remove(struct invocation *invocation, struct error *error) {
    struct snapshot_work work = {.task = {.leaves_restore = true}};
    size_t count = invocation_argument_count(invocation);
    bool all = invocation_flag(invocation, "all");
    if (all == (count > 1)) {
        error_set(error, ERROR_USAGE,
                  all ? "--all excludes names of snapshots"
                      : "give the names of the snapshots, or --all");
        return EXIT_FAILURE;
    }
    interrupt_watch();
    bool good = snapshot_work_open(invocation, invocation_argument(invocation, 0), &work, error) &&
                check_no_backup(&work, error);
    if (good && all)
        good = remove_all(invocation, &work, error);
    for (size_t i = 1; good && i < count; i++)
        good = remove_named(invocation, &work, invocation_argument(invocation, i), error);
    snapshot_work_close(&work);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command cmd_snapshot_remove = {
    .path = "snapshot remove",
    .alias = "rm",
    .summary = "Remove snapshots, also while the instance runs",
    .arguments = "NAME [SNAP...]",
    .details = "The instance stays as it is now, and its other snapshots as they are.",
    .options = remove_options,
    .min_arguments = 1,
    .max_arguments = COMMAND_MANY,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .completes_next = COMPLETES_SNAPSHOTS,
    .needs = NEEDS_HOME,
    .run = run_snapshot_remove,
    .report = report_snapshots,
};
