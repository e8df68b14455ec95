#include "backup_live.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/lock_holder.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/space.h"
#include "cli/link/disk_nodes.h"
#include "cli/link/guest_freeze.h"
#include "cli/link/offline.h"
#include "home/layout.h"
#include "home/snapshot/suspension.h"
#include "machine/core/qemu_argv.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    PAUSE_FIRST_MS = 20,
    PAUSE_LAST_MS = 500,
    CANCEL_TIMEOUT_MS = 60000, /* of jobs that write to a slow disk */
    LEAVE_TIMEOUT_MS = 60000,  /* until QEMU has closed what it wrote */
    STALL_TIMEOUT_MS = 600000, /* without an answer of QEMU and without a step */
    LOOK_MS = 300000,          /* counts at most between two looks: both may have been halted */
    BLOCK_BYTES = 512,         /* of st_blocks */
};
#define STEP_BYTES (UINT64_C(16) << 20) /* more than QEMU copies before it tells that it has */

struct copying {
    struct backup_live *live;
    struct backup_making *making;
    struct offline *offline;
    size_t job_count;
    bool *has_job;   /* of each disk */
    bool was_broken; /* the guest was stopped by an error of a disk before it began */
    uint64_t done_bytes, total_bytes;      /* the last step */
    uint64_t looked_ms;                    /* platform_awake_ms() */
    uint64_t motionless_ms, unanswered_ms; /* for so long */
};

/* --- QMP --- */

static char *job_name(size_t index) { /* of the job, and of the node that it writes to */
    return alloc_printf(QEMU_ARGV_BACKUP "%zu", index);
}

static bool is_of_backup(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text && strncmp(text, QEMU_ARGV_BACKUP, strlen(QEMU_ARGV_BACKUP)) == 0;
}

/* arguments is stolen. */
static bool command(struct offline *offline, const char *name, json_t *arguments,
                    struct error *error) {
    json_t *answer = offline_command(offline, name, arguments, error);
    json_decref(answer);
    return answer != NULL;
}

static json_t *one_argument(const char *key, const char *value) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, key, json_string(value));
    return arguments;
}

/* file: as the backup calls it. Caller frees. */
static char *find_source(const json_t *nodes, const char *file) {
    const char *dot = strchr(file, '.');
    scoped(alloc_release) char *name = strcmp(file, LAYOUT_OS_DISK) == 0
                                           ? alloc_string(QEMU_ARGV_DISK)
                                           : alloc_slice(file, (size_t)(dot - file));
    return disk_nodes_find(nodes, name);
}

/* --- the jobs --- */

/* What the jobs have come to. A job that has concluded stays until it is dismissed. */
struct tally {
    size_t jobs, concluded;
    uint64_t done_bytes, total_bytes;
    char *problem; /* of the first that failed */
    bool known;    /* QEMU has told it */
    bool broken;   /* the guest was stopped since by an error of a disk */
};

static uint64_t number_of(const json_t *object, const char *key) {
    json_int_t number = json_integer_value(json_object_get(object, key));
    return number > 0 ? (uint64_t)number : 0;
}

static bool tally_jobs(struct offline *offline, struct tally *tally, struct error *error) {
    json_t *jobs = offline_command(offline, "query-jobs", NULL, error), *job;
    size_t index;
    if (!jobs)
        return false;
    json_array_foreach(jobs, index, job) {
        const char *status = json_string_value(json_object_get(job, "status"));
        const char *problem = json_string_value(json_object_get(job, "error"));
        if (!is_of_backup(job, "id"))
            continue;
        tally->jobs++;
        tally->concluded += status && strcmp(status, "concluded") == 0;
        tally->done_bytes += number_of(job, "current-progress");
        tally->total_bytes += number_of(job, "total-progress");
        if (problem && !tally->problem)
            tally->problem = alloc_string(problem);
    }
    json_decref(jobs);
    tally->known = true;
    return true;
}

/* Each is asked to end. True: all have. */
static bool cancel_jobs(struct offline *offline) {
    uint64_t until_ms = clock_monotonic_ms() + CANCEL_TIMEOUT_MS;
    json_t *jobs = offline_command(offline, "query-jobs", NULL, NULL), *job;
    size_t index;
    json_array_foreach(jobs, index, job) {
        const char *id = json_string_value(json_object_get(job, "id"));
        const char *status = json_string_value(json_object_get(job, "status"));
        if (is_of_backup(job, "id") && status && strcmp(status, "concluded") != 0)
            command(offline, "job-cancel", one_argument("id", id), NULL);
    }
    json_decref(jobs);
    for (;; poll(NULL, 0, PAUSE_FIRST_MS)) {
        struct tally tally = {0};
        bool known = tally_jobs(offline, &tally, NULL);
        bool ended = tally.concluded == tally.jobs;
        free(tally.problem);
        if (!known || ended || clock_monotonic_ms() >= until_ms)
            return known && ended;
    }
}

/* Of those in the list that are a backup's, by this key, each is given to the command. The list is
 * stolen. */
static bool remove_each(struct offline *offline, json_t *list, const char *key, const char *name,
                        struct error *error) {
    bool good = list != NULL;
    size_t index;
    json_t *each;
    json_array_foreach(list, index, each) {
        const char *value = json_string_value(json_object_get(each, key));
        if (is_of_backup(each, key))
            good = command(offline, name, one_argument(key, value), error) && good;
    }
    json_decref(list);
    return good;
}

/* A node that was deleted is flushed and closed. */
static bool remove_objects(struct offline *offline, struct error *error) {
    json_t *jobs = offline_command(offline, "query-jobs", NULL, error);
    if (!remove_each(offline, jobs, "id", "job-dismiss", error))
        return false;
    return remove_each(offline, disk_nodes_list(offline, error), "node-name", "blockdev-del",
                       error);
}

/* Also what a killed one has left. */
static bool clear_away(struct offline *offline, struct error *error) {
    return (cancel_jobs(offline) ||
            error_set(error, ERROR_FAILED, "its QEMU does not end to copy")) &&
           remove_objects(offline, error);
}

/* --- the copy --- */

/* qapi/block-core.json, BlockdevOptionsQcow2. The target is not read: its image is not opened. QEMU
 * does not sync it, for which its guest would stand still: when it is whole, whoever goes on with
 * it does. */
static json_t *target_node(const char *name, const char *path) {
    json_t *node = json_object(), *file = json_object(), *cache = json_object();
    json_object_set_new(cache, "no-flush", json_true());
    json_object_set_new(node, "cache", cache);
    json_object_set_new(file, "driver", json_string("file"));
    json_object_set_new(file, "filename", json_string(path));
    json_object_set_new(node, "driver", json_string("qcow2"));
    json_object_set_new(node, "node-name", json_string(name));
    json_object_set_new(node, "file", file);
    json_object_set_new(node, "backing", json_null());
    return node;
}

/* qapi/block-core.json, BlockdevBackup: what is above the image. on-target-error stays "report":
 * "stop" and "enospc" would stop the guest. on-cbw-error (since 10.1) stays "break-guest-write":
 * "break-snapshot" lets the guest go on, but the job is not told of it (block/backup.c), and would
 * end well with a copy of more than one moment. */
static json_t *backup_action(const struct copying *copying, size_t index, const char *source) {
    scoped(alloc_release) char *name = job_name(index);
    uint64_t limit_bytes = copying->making->options->limit_bytes;
    json_t *data = json_object(), *action = json_object();
    json_object_set_new(data, "job-id", json_string(name));
    json_object_set_new(data, "device", json_string(source));
    json_object_set_new(data, "target", json_string(name));
    json_object_set_new(data, "sync", json_string("top"));
    json_object_set_new(data, "auto-dismiss", json_false());
    if (limit_bytes)
        json_object_set_new(data, "speed", json_integer((json_int_t)limit_bytes));
    json_object_set_new(action, "type", json_string("blockdev-backup"));
    json_object_set_new(action, "data", data);
    return action;
}

/* A disk that this QEMU does not have, because it was added since, is copied at once: nobody writes
 * to it. */
static bool prepare_disk(struct copying *copying, size_t index, const json_t *nodes,
                         json_t *actions, struct error *error) {
    struct backup_making *making = copying->making;
    struct backup_disk *disk = &making->disks[index];
    scoped(alloc_release) char *source = find_source(nodes, disk->file);
    scoped(alloc_release) char *name = job_name(index);
    if (!source)
        return backup_disk_copy(making, disk, error);
    if (!backup_disk_create(making, disk, error) ||
        !command(copying->offline, "blockdev-add", target_node(name, disk->target), error))
        return false;
    json_array_append_new(actions, backup_action(copying, index, source));
    copying->has_job[index] = true;
    copying->job_count++;
    return true;
}

static bool transact(struct copying *copying, json_t *actions, enum backup_moment *moment,
                     struct error *error) {
    struct backup_live *live = copying->live;
    const struct guest_freeze_target target = {
        .home = copying->making->home,
        .instance = copying->making->manifest.facts.instance.id,
        .running = live->running,
        .offline = copying->offline,
    };
    error_clear(&live->unfrozen);
    if (!live->freezes)
        error_set(&live->unfrozen, ERROR_FAILED,
                  "its file systems were not frozen, as was asked for");
    struct guest_freeze *freeze =
        live->freezes ? guest_freeze_begin(&target, &live->unfrozen) : NULL;
    json_t *arguments = json_object();
    json_object_set(arguments, "actions", actions);
    bool good = command(copying->offline, "transaction", arguments, error);
    *moment = guest_freeze_end(freeze, &live->unfrozen) ? BACKUP_FROZEN : BACKUP_CRASH;
    return good || error_prefix(error, "its QEMU does not begin to copy");
}

static bool start_jobs(struct copying *copying, enum backup_moment *moment, struct error *error) {
    json_t *nodes = disk_nodes_list(copying->offline, error), *actions = json_array();
    bool good = nodes != NULL;
    for (size_t i = 0; good && i < copying->making->disk_count; i++)
        good = prepare_disk(copying, i, nodes, actions, error);
    good = good && transact(copying, actions, moment, error);
    json_decref(nodes);
    json_decref(actions);
    return good;
}

/* --- waiting --- */

/* A target that is full makes the guest's write fail that waits for it, by which QEMU stops the
 * guest. */
static bool is_broken(struct offline *offline) {
    json_t *answer = offline_command(offline, "query-status", NULL, NULL);
    const char *status = json_string_value(json_object_get(answer, "status"));
    bool broken = status && strcmp(status, "io-error") == 0;
    json_decref(answer);
    return broken;
}

/* One that waits for space on its own disk waits without a backup too, which reads on. */
static bool has_stopped_guest(const struct copying *copying) {
    const struct backup_making *making = copying->making;
    scoped(alloc_release) char *disk =
        layout_file(making->home, making->manifest.facts.instance.name, LAYOUT_OS_DISK);
    return !copying->was_broken && is_broken(copying->offline) &&
           (!space_is_short(disk) || space_is_short(making->part));
}

static bool has_ended(const struct copying *copying, struct error *error) {
    const struct running *before = copying->live->running;
    struct running now = {0};
    bool known = running_find(copying->making->home->run, before->name, &now, error);
    bool ended = known && (!now.name || now.pid != before->pid);
    running_done(&now);
    if (ended)
        error_set(error, ERROR_WRONG_STATE,
                  "the VM of \"%s\" ended meanwhile: `pgsup events %s` shows how", before->name,
                  before->name);
    return ended || !known;
}

/* The monitor is given up between two questions, so that others get an answer from it too; one who
 * keeps it is waited for, because the jobs go on: for STALL_TIMEOUT_MS. */
static bool ask_jobs(struct copying *copying, struct tally *tally, struct error *error) {
    struct error problem = {0};
    if (!copying->offline)
        copying->offline = offline_open(copying->making->home, copying->live->running, &problem);
    bool known = copying->offline && tally_jobs(copying->offline, tally, &problem);
    tally->broken = known && has_stopped_guest(copying);
    offline_close(copying->offline);
    copying->offline = NULL;
    return known || !has_ended(copying, error);
}

/* Its write failed on its own disk, or waited for a copy that failed: QEMU does not tell which. */
static bool fail_write(const struct copying *copying, struct error *error) {
    const struct backup_making *making = copying->making;
    return error_set(error, ERROR_FAILED,
                     "a write of its guest failed meanwhile: see whether there is free space in %s",
                     space_is_short(making->part) ? making->options->folder : making->home->path);
}

static bool judge_jobs(const struct copying *copying, const struct tally *tally,
                       struct error *error) {
    if (tally->problem) {
        scoped(alloc_release) char *text =
            name_printable(tally->problem, strlen(tally->problem), 200);
        return error_set(error, ERROR_FAILED, "its QEMU cannot copy the disks: %s", text);
    }
    if (tally->concluded < tally->jobs)
        return fail_write(copying, error);
    return tally->jobs == copying->job_count ||
           error_set(error, ERROR_FAILED, "somebody else has ended the copying");
}

static void count_look(struct copying *copying, const struct tally *tally) {
    uint64_t now_ms = platform_awake_ms(), passed_ms = now_ms - copying->looked_ms;
    if (passed_ms > LOOK_MS)
        passed_ms = LOOK_MS;
    copying->looked_ms = now_ms;
    copying->motionless_ms += passed_ms;
    copying->unanswered_ms = tally->known ? 0 : copying->unanswered_ms + passed_ms;
    if (tally->known &&
        (tally->done_bytes != copying->done_bytes || tally->total_bytes != copying->total_bytes)) {
        copying->done_bytes = tally->done_bytes;
        copying->total_bytes = tally->total_bytes;
        copying->motionless_ms = 0;
    }
}

/* A disk that hangs, as one over a network does, is no error to QEMU. */
static bool check_moves(const struct copying *copying, struct error *error) {
    const struct backup_options *options = copying->making->options;
    uint64_t limit_ms =
        STALL_TIMEOUT_MS + (options->limit_bytes ? STEP_BYTES * 1000 / options->limit_bytes : 0);
    if (copying->motionless_ms < limit_ms)
        return true;
    if (copying->unanswered_ms < limit_ms / 2)
        return error_set(error, ERROR_TIMEOUT,
                         "its QEMU has copied nothing for %" PRIu64 " minutes: see whether its "
                         "disks and %s can be read and written",
                         limit_ms / 60000, options->folder);
    return error_set(error, ERROR_TIMEOUT,
                     "its QEMU has not answered for %" PRIu64 " minutes: see whether its disks and "
                     "%s can be read and written, and nobody else keeps its monitor",
                     limit_ms / 60000, options->folder);
}

static bool wait_jobs(struct copying *copying, struct error *error) {
    const struct backup_live *live = copying->live;
    copying->looked_ms = platform_awake_ms();
    for (int pause_ms = PAUSE_FIRST_MS;; pause_ms += pause_ms < PAUSE_LAST_MS ? pause_ms / 2 : 0) {
        struct tally tally = {0};
        if (!interrupt_check(error) || !ask_jobs(copying, &tally, error))
            return false;
        bool all = tally.known && (tally.concluded == tally.jobs || tally.problem || tally.broken);
        if (live->progress && tally.known)
            live->progress(live->context, "copying", tally.done_bytes, tally.total_bytes);
        bool good = !all || judge_jobs(copying, &tally, error);
        free(tally.problem);
        if (all)
            return good;
        count_look(copying, &tally);
        if (!check_moves(copying, error))
            return false;
        poll(NULL, 0, pause_ms);
    }
}

/* --- the whole --- */

/* A suspension holds the lock too. */
static bool fail_locked(const struct home *home, const char *name, const char *folder,
                        struct error *error) {
    if (errno != EWOULDBLOCK)
        return lock_holder_explain(folder, folder, error);
    if (suspension_is_being_made(home, name))
        return error_set(error, ERROR_WRONG_STATE,
                         "\"%s\" is being suspended: try again when it is done", name);
    return error_set(error, ERROR_WRONG_STATE,
                     "a backup or an export of \"%s\" is being made: try again when it is done",
                     name);
}

int backup_live_lock(const struct home *home, const char *name, struct error *error) {
    scoped(alloc_release) char *folder = layout_file(home, name, QEMU_ARGV_BACKUP_DOCUMENTS);
    int lock = file_lock_folder(folder);
    if (lock < 0)
        fail_locked(home, name, folder, error);
    return lock;
}

bool backup_live_check_none(const struct home *home, const char *name, struct error *error) {
    scoped(alloc_release) char *folder = layout_file(home, name, QEMU_ARGV_BACKUP_DOCUMENTS);
    return file_folder_is_free(folder) || fail_locked(home, name, folder, error);
}

/* While the copy is made, a guest's write waits for what it overwrites to be copied: a target that
 * is full would make the write fail. */
static bool check_space(const struct backup_making *making, struct error *error) {
    uint64_t needed = 0, free_bytes;
    char wanted[32], present[32];
    struct stat status;
    for (size_t i = 0; i < making->disk_count; i++)
        if (stat(making->disks[i].source, &status) == 0)
            needed += (uint64_t)status.st_blocks * BLOCK_BYTES;
    if (!platform_free_space(making->part, &free_bytes))
        return error_errno(error, "cannot tell how much space %s has", making->options->folder);
    name_format_size(needed, wanted);
    name_format_size(free_bytes, present);
    return free_bytes >= needed ||
           error_set(error, ERROR_FAILED,
                     "%s has %s of free space, and the copy of what runs may take %s: make room, "
                     "or stop it first",
                     making->options->folder, present, wanted);
}

static bool complete_disks(const struct copying *copying, struct error *error) {
    const struct backup_making *making = copying->making;
    for (size_t i = 0; i < making->disk_count; i++)
        if (copying->has_job[i] && !backup_disk_complete(making, &making->disks[i], error))
            return false;
    return true;
}

static bool try_to_leave(struct copying *copying, struct error *error) {
    if (!copying->offline)
        copying->offline = offline_open(copying->making->home, copying->live->running, error);
    bool good = copying->offline && clear_away(copying->offline, error);
    if (good && has_stopped_guest(copying))
        good = command(copying->offline, "cont", NULL, error);
    offline_close(copying->offline);
    copying->offline = NULL;
    return good;
}

/* What QEMU has open is closed in any case, if QEMU is there: until then not all of the copy may be
 * in its file. */
static bool leave(struct copying *copying, struct error *error) {
    uint64_t until_ms = clock_monotonic_ms() + LEAVE_TIMEOUT_MS;
    for (;; poll(NULL, 0, PAUSE_LAST_MS)) {
        struct error problem = {0};
        if (try_to_leave(copying, &problem))
            return true;
        if (has_ended(copying, error))
            return false;
        if (clock_monotonic_ms() >= until_ms)
            return error_set(error, ERROR_FAILED, "its QEMU has not closed the copy: %s",
                             problem.text);
    }
}

bool backup_live_copy(struct backup_live *live, struct backup_making *making,
                      enum backup_moment *moment, struct error *error) {
    struct copying copying = {.live = live, .making = making};
    if (!check_space(making, error))
        return false;
    copying.offline = offline_open(making->home, live->running, error);
    if (!copying.offline)
        return false;
    copying.has_job = alloc_zero(making->disk_count * sizeof *copying.has_job);
    copying.was_broken = is_broken(copying.offline);
    bool good = clear_away(copying.offline, error) && start_jobs(&copying, moment, error) &&
                wait_jobs(&copying, error);
    good = leave(&copying, error) && good && complete_disks(&copying, error);
    free(copying.has_job);
    return good;
}
