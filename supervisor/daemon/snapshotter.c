#include "snapshotter.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/name.h"
#include "base/platform.h"
#include "machine/process.h"
#include "store/snapshot_table.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 500

struct retry {
    int64_t instance;
    uint64_t due_ms; /* monotonic */
};

struct snapshotter {
    struct fleet *fleet;
    char *program;
    struct process *process; /* that runs; NULL: none */
    int words;               /* what it says on stderr; -1: none */
    int64_t instance;        /* whose snapshot it takes; 0: it settles those of all */
    char *name;
    struct retry *retries;
    size_t retry_count;
    bool settled;
    uv_timer_t timeout;
};

/* --- what failed --- */

static struct retry *find_retry(struct snapshotter *snapshotter, int64_t instance) {
    for (size_t i = 0; i < snapshotter->retry_count; i++)
        if (snapshotter->retries[i].instance == instance)
            return &snapshotter->retries[i];
    return NULL;
}

static void note_failure(struct snapshotter *snapshotter, const char *words) {
    struct retry *retry = find_retry(snapshotter, snapshotter->instance);
    scoped(alloc_release) char *text =
        alloc_printf("an automatic snapshot was not made, and is tried again in %u min: %s",
                     SNAPSHOTTER_RETRY_MS / 60000, words);
    if (!retry) {
        snapshotter->retries = alloc_resize(snapshotter->retries, (snapshotter->retry_count + 1) *
                                                                      sizeof *snapshotter->retries);
        retry = &snapshotter->retries[snapshotter->retry_count++];
    }
    *retry = (struct retry){snapshotter->instance, clock_monotonic_ms() + SNAPSHOTTER_RETRY_MS};
    recorder_event(snapshotter->fleet->recorder, snapshotter->instance, STORE_EVENT_SNAPSHOT, text);
    log_warning("vm=%s %s", snapshotter->name, text);
}

/* --- the process --- */

/* Its last line, without the name of the program; caller frees. */
static char *take_words(struct snapshotter *snapshotter, const struct process_end *end) {
    char text[WORDS_MAX + 1] = "";
    ssize_t length = read(snapshotter->words, text, WORDS_MAX);
    text[length > 0 ? length : 0] = 0;
    file_release(&snapshotter->words);
    text[strcspn(text, "\n")] = 0;
    const char *said = strncmp(text, "pgsup: ", 7) == 0 ? text + 7 : text;
    if (said[0])
        return name_printable(said, strlen(said), WORDS_MAX);
    return end->signal ? alloc_printf("it was ended by signal %d", end->signal)
                       : alloc_printf("status %d", end->exit_status);
}

static void on_snapshotter_end(void *owner, const struct process_end *end) {
    struct snapshotter *snapshotter = owner;
    scoped(alloc_release) char *words = take_words(snapshotter, end);
    bool good = end->status_known && !end->signal && end->exit_status == 0;
    uv_timer_stop(&snapshotter->timeout);
    if (!good && snapshotter->instance)
        note_failure(snapshotter, words);
    else if (!good)
        log_warning("snapshots of before are not settled: %s", words);
    process_close(snapshotter->process);
    snapshotter->process = NULL;
}

static void on_snapshotter_timeout(uv_timer_t *timer) {
    struct snapshotter *snapshotter = timer->data;
    process_kill(snapshotter->process, SIGKILL);
}

/* words: behind "snapshot". */
static void begin_process(struct snapshotter *snapshotter, const char *const words[]) {
    struct strv argv = {0};
    struct error problem = {0};
    int ends[2];
    const struct process_listener listener = {snapshotter, on_snapshotter_end};
    if (!child_pipe(ends, &problem))
        return;
    const int fds[] = {CHILD_NULL, CHILD_NULL, ends[1]};
    const char *const first[] = {snapshotter->program, "-p", snapshotter->fleet->home->path, "-q",
                                 "snapshot"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        strv_push(&argv, first[i]);
    for (; *words; words++)
        strv_push(&argv, *words);
    const struct child_options options = {.argv = argv.items,
                                          .fds = fds,
                                          .fd_count = sizeof fds / sizeof *fds,
                                          .group = CHILD_SESSION};
    snapshotter->process = process_run(snapshotter->fleet->loop, &options, &listener, &problem);
    strv_done(&argv);
    close(ends[1]);
    snapshotter->words = ends[0];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    if (snapshotter->process) {
        uv_timer_start(&snapshotter->timeout, on_snapshotter_timeout, SNAPSHOTTER_TIMEOUT_MS, 0);
        return;
    }
    file_release(&snapshotter->words);
    log_warning("cannot begin to take a snapshot: %s", problem.text);
}

/* --- what is due --- */

static bool runs(const struct vm *vm) {
    return vm && (vm->state == STATE_BOOTING || vm->state == STATE_RUNNING ||
                  vm->state == STATE_READY || vm->state == STATE_PAUSED);
}

static bool is_due(struct snapshotter *snapshotter,
                   const struct store_snapshot_schedule *schedule) {
    const struct retry *retry = find_retry(snapshotter, schedule->instance);
    return runs(fleet_get_by_id(snapshotter->fleet, schedule->instance)) &&
           schedule->last_ms + schedule->every_s * 1000 <= clock_wall_ms() &&
           (!retry || retry->due_ms <= clock_monotonic_ms());
}

static void take_due(struct snapshotter *snapshotter) {
    struct store_snapshot_schedules list = {0};
    snapshot_table_list_schedules(snapshotter->fleet->home->store, &list, NULL);
    for (size_t i = 0; i < list.count && !snapshotter->process; i++) {
        const struct store_snapshot_schedule *schedule = &list.items[i];
        const char *const words[] = {"create", schedule->name, "--automatic", NULL};
        if (!is_due(snapshotter, schedule))
            continue;
        snapshotter->instance = schedule->instance;
        alloc_replace(&snapshotter->name, alloc_string(schedule->name));
        begin_process(snapshotter, words);
    }
    store_snapshot_schedules_done(&list);
}

/* Listing completes or undoes what was begun. */
static void settle_once(struct snapshotter *snapshotter) {
    static const char *const words[] = {"list", NULL};
    struct store_snapshots list = {0};
    bool unsettled = false;
    snapshotter->settled = snapshot_table_list(snapshotter->fleet->home->store, 0, &list, NULL);
    for (size_t i = 0; i < list.count; i++)
        unsettled |= list.items[i].state != STORE_SNAPSHOT_KEPT;
    store_snapshots_done(&list);
    snapshotter->instance = 0;
    if (unsettled)
        begin_process(snapshotter, words);
}

void snapshotter_look(struct snapshotter *snapshotter) {
    if (snapshotter->process || !snapshotter->program || snapshotter->fleet->ending)
        return;
    if (!snapshotter->settled)
        settle_once(snapshotter);
    else
        take_due(snapshotter);
}

/* --- life --- */

struct snapshotter *snapshotter_new(struct fleet *fleet) {
    struct snapshotter *snapshotter = alloc_zero(sizeof *snapshotter);
    snapshotter->fleet = fleet;
    snapshotter->program = platform_program_path();
    snapshotter->words = -1;
    uv_timer_init(fleet->loop, &snapshotter->timeout);
    snapshotter->timeout.data = snapshotter;
    return snapshotter;
}

static void snapshotter_on_closed(uv_handle_t *handle) {
    struct snapshotter *snapshotter = handle->data;
    free(snapshotter->program);
    free(snapshotter->name);
    free(snapshotter->retries);
    free(snapshotter);
}

void snapshotter_close(struct snapshotter *snapshotter) {
    if (!snapshotter)
        return;
    process_close(snapshotter->process);
    file_release(&snapshotter->words);
    uv_close((uv_handle_t *)&snapshotter->timeout, snapshotter_on_closed);
}
