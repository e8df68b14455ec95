#include "offline_stop.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/platform.h"
#include "base/space.h"
#include "base/waiting.h"
#include "cli/link/offline.h"
#include "home/layout.h"
#include "home/snapshot/suspension.h"
#include "machine/core/lifecycle.h"
#include "machine/core/suspend_tag.h"
#include "machine/vm_report.h"
#include "qmp/event.h"
#include "qmp/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define NEVER_MS UINT64_MAX

enum {
    POLL_INTERVAL_MS = 100,
    RECONNECT_INTERVAL_MS = 3000,
    KILLS_MAX = 2,
};

struct ladder {
    const struct home *home;
    const struct running *running;
    const struct offline_stop_options *options;
    struct offline *link; /* NULL: not connected */
    bool answered;        /* QMP has been ready on this link */
    bool suspending;      /* its supervisor was, which has been killed since */
    bool disk_full;       /* its guest stands still for lack of space */
    bool has_save;        /* QEMU has the job of a suspension … */
    bool saves;           /* … and its guest stands still for it */
    int end_fd;           /* platform_process_end_fd(); -1: not available */
    enum lifecycle_state state;
    uint64_t began_ms, deadline_ms, press_ms, reconnect_ms; /* monotonic; NEVER_MS: not armed */
    int64_t presses;
    int kills;
    char shutdown_reason[64];
};

/* --- effects --- */

static void post_command(struct ladder *ladder, const char *command) {
    if (ladder->link)
        offline_post(ladder->link, command);
}

/* A paused guest receives the press only when it runs again, hence the cont. */
static void press(struct ladder *ladder) {
    ladder->presses++;
    post_command(ladder, "cont");
    post_command(ladder, "system_powerdown");
    ladder->press_ms = clock_monotonic_ms() + LIFECYCLE_PRESS_INTERVAL_MS;
}

/* Without a connection a stop that must not escalate can do nothing at all. */
static bool reconnect(struct ladder *ladder, struct error *error) {
    struct error problem = {0};
    offline_close(ladder->link);
    ladder->link = offline_open(ladder->home, ladder->running, &problem);
    ladder->answered = false;
    ladder->reconnect_ms = ladder->link ? NEVER_MS : clock_monotonic_ms() + RECONNECT_INTERVAL_MS;
    if (ladder->link || ladder->options->may_escalate || ladder->presses)
        return true;
    return error_copy(error, &problem);
}

static bool kill_process(struct ladder *ladder, struct error *error) {
    const struct running *running = ladder->running;
    if (ladder->kills++ == KILLS_MAX)
        return error_set(error, ERROR_FAILED, "process %ld of %s does not end, even after SIGKILL",
                         (long)running->pid, running->name);
    if (kill(running->pid, SIGKILL) < 0 && errno == EPERM)
        return error_set(
            error, ERROR_WRONG_STATE,
            "process %ld of %s belongs to another user: if it was started with sudo, use "
            "sudo here too",
            (long)running->pid, running->name);
    return true;
}

static bool perform(struct ladder *ladder, enum lifecycle_effect effect, struct error *error) {
    switch (effect) {
    case EFFECT_POWERDOWN: press(ladder); return true;
    case EFFECT_QUIT: post_command(ladder, "quit"); return true;
    case EFFECT_KILL: return kill_process(ladder, error);
    case EFFECT_RECONNECT: return reconnect(ladder, error);
    case EFFECT_EXPIRE:
        return vm_report_expired(ladder->running->name, ladder->options->limit_ms, ladder->presses,
                                 ladder->disk_full, error);
    default: return true; /* nothing else leads from "lost" to "stopped" */
    }
}

/* --- inputs --- */

static void arm(struct ladder *ladder) {
    bool stopping = ladder->state == STATE_STOPPING;
    uint64_t limit_ms = stopping ? ladder->options->limit_ms : lifecycle_deadline_ms(ladder->state);
    ladder->deadline_ms = limit_ms ? clock_monotonic_ms() + limit_ms : NEVER_MS;
    if (!stopping)
        ladder->press_ms = NEVER_MS;
}

static bool feed(struct ladder *ladder, enum lifecycle_input input, struct error *error) {
    struct lifecycle_step step = lifecycle_step(ladder->state, input);
    bool entered = step.next != ladder->state;
    ladder->state = step.next;
    if (entered || input == INPUT_DEADLINE)
        arm(ladder);
    return !step.listed || perform(ladder, step.effect, error);
}

/* Of a disk that a job works on QEMU does not tell whether it is that disk, or the job's. */
static bool is_disk_full(const struct ladder *ladder, const struct qmp_event *event) {
    scoped(alloc_release) char *disk =
        layout_file(ladder->home, ladder->running->name, LAYOUT_OS_DISK);
    return event->nospace && (!event->under_job || space_is_short(disk));
}

static bool on_qmp_event(struct ladder *ladder, const struct qmp_item *item,
                         enum lifecycle_input *input) {
    struct qmp_event event;
    qmp_event_decode(item->name, item->value, &event);
    if (event.kind == QMP_EVENT_RESUME)
        ladder->disk_full = false;
    else if (event.kind == QMP_EVENT_BLOCK_IO_ERROR && strcmp(event.action, "stop") == 0)
        ladder->disk_full = is_disk_full(ladder, &event);
    if (event.kind != QMP_EVENT_SHUTDOWN)
        return false;
    snprintf(ladder->shutdown_reason, sizeof ladder->shutdown_reason, "%s", event.reason);
    *input = INPUT_SHUTDOWN;
    return true;
}

static void on_jobs(struct ladder *ladder, const json_t *jobs) {
    size_t index;
    json_t *job;
    ladder->has_save = false;
    json_array_foreach((json_t *)jobs, index, job) {
        const char *id = json_string_value(json_object_get(job, "id"));
        ladder->has_save |= id && strcmp(id, SUSPEND_JOB) == 0;
    }
}

static bool on_qmp_reply(struct ladder *ladder, const struct qmp_item *item,
                         enum lifecycle_input *input) {
    const char *status = json_string_value(json_object_get(item->value, "status"));
    if (item->status == QMP_STATUS_RETURN && strcmp(item->command, "query-jobs") == 0)
        on_jobs(ladder, item->value);
    ladder->saves |= ladder->has_save && status && strcmp(status, "running") != 0;
    if (item->status == QMP_STATUS_TIMEOUT)
        *input = INPUT_QMP_LOST;
    else if (item->status == QMP_STATUS_RETURN && strcmp(item->command, "query-status") == 0 &&
             status)
        *input = lifecycle_found_input(status);
    else
        return false;
    return true;
}

/* A link that was lost before QMP was ready is not opened again at once. */
static bool on_link_lost(struct ladder *ladder, enum lifecycle_input *input) {
    offline_close(ladder->link);
    ladder->link = NULL;
    ladder->reconnect_ms = clock_monotonic_ms() + RECONNECT_INTERVAL_MS;
    *input = INPUT_QMP_LOST;
    return ladder->answered;
}

/* True: the item is an input of the lifecycle. */
static bool translate(struct ladder *ladder, const struct qmp_item *item,
                      enum lifecycle_input *input) {
    switch (item->kind) {
    case QMP_ITEM_READY:
        ladder->answered = true;
        post_command(ladder, "query-jobs");
        post_command(ladder, "query-status");
        return false;
    case QMP_ITEM_REPLY: return on_qmp_reply(ladder, item, input);
    case QMP_ITEM_EVENT: return on_qmp_event(ladder, item, input);
    case QMP_ITEM_LOST: return on_link_lost(ladder, input);
    }
    return false;
}

static uint64_t next_timer_ms(const struct ladder *ladder) {
    uint64_t until_ms = clock_monotonic_ms() + POLL_INTERVAL_MS;
    const uint64_t timers[] = {ladder->deadline_ms, ladder->press_ms, ladder->reconnect_ms};
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
        if (timers[i] < until_ms)
            until_ms = timers[i];
    return until_ms;
}

static bool next_from_qemu(struct ladder *ladder, enum lifecycle_input *input) {
    struct qmp_item item;
    waiting_tick();
    if (!ladder->link) {
        poll(NULL, 0, POLL_INTERVAL_MS);
        return false;
    }
    while (ladder->link && offline_next(ladder->link, &item))
        if (translate(ladder, &item, input))
            return true;
    if (ladder->link)
        offline_exchange(ladder->link, next_timer_ms(ladder));
    return false;
}

/* What QEMU said before it ended: its SHUTDOWN event names the reason. */
static void drain_events(struct ladder *ladder) {
    struct qmp_item item;
    enum lifecycle_input input;
    if (ladder->link)
        offline_exchange(ladder->link, 0);
    while (ladder->link && offline_next(ladder->link, &item))
        translate(ladder, &item, &input);
}

/* A process whose main thread is a zombie still holds its files and locks while other threads of it
 * end, hence the descriptor, which reports the end of all of them. */
static bool has_ended(const struct ladder *ladder) {
    struct pollfd ended = {.fd = ladder->end_fd, .events = POLLIN};
    if (ladder->end_fd >= 0)
        return poll(&ended, 1, 0) > 0;
    return !platform_process_lives(ladder->running->pid, ladder->running->start);
}

/* The pid may belong to another process by now. */
static int open_end(const struct running *running) {
    int fd = platform_process_end_fd(running->pid);
    if (!platform_process_lives(running->pid, running->start))
        file_release(&fd);
    return fd;
}

/* False: nothing yet. */
static bool next_input(struct ladder *ladder, enum lifecycle_input *input) {
    uint64_t now = clock_monotonic_ms();
    if (has_ended(ladder)) {
        drain_events(ladder);
        *input = INPUT_EXITED;
    } else if (now >= ladder->deadline_ms && ladder->suspending && !ladder->answered) {
        ladder->saves = true; /* it answers nobody for as long */
        return false;
    } else if (now >= ladder->deadline_ms) {
        bool leave = ladder->state == STATE_STOPPING && !ladder->options->may_escalate;
        *input = leave ? INPUT_GIVE_UP : INPUT_DEADLINE;
    } else if (now >= ladder->press_ms) {
        *input = INPUT_PRESS;
    } else if (now >= ladder->reconnect_ms) {
        ladder->reconnect_ms = NEVER_MS;
        *input = INPUT_QMP_LOST;
    } else {
        return next_from_qemu(ladder, input);
    }
    return true;
}

static bool run_ladder(struct ladder *ladder, bool *killed, struct error *error) {
    enum lifecycle_input input = ladder->options->force ? INPUT_FORCE_STOP : INPUT_STOP;
    if (!feed(ladder, input, error))
        return false;
    while (lifecycle_has_process(ladder->state)) {
        *killed = ladder->state == STATE_KILLING;
        bool has_input = next_input(ladder, &input);
        if (ladder->saves && !ladder->options->force)
            return error_set(error, ERROR_WRONG_STATE,
                             "the memory of %s %s: `pgsup up` completes it, or `pgsup stop -f %s` "
                             "ends it at once, without its memory",
                             ladder->running->name,
                             ladder->has_save ? "is being saved"
                                              : "was being saved when its supervisor ended, and "
                                                "its QEMU does not answer",
                             ladder->running->name);
        if (has_input && !feed(ladder, input, error))
            return false;
    }
    return true;
}

char *offline_stop(const struct home *home, const struct running *running,
                   const struct offline_stop_options *options, struct error *error) {
    struct ladder ladder = {
        .home = home,
        .running = running,
        .options = options,
        .end_fd = open_end(running),
        .suspending = suspension_was_begun(home, running),
        .state = STATE_LOST,
        .began_ms = clock_monotonic_ms(),
        .deadline_ms = NEVER_MS,
        .press_ms = NEVER_MS,
        .reconnect_ms = NEVER_MS,
    };
    bool killed = false;
    waiting_begin("stopping", running->name);
    bool ended = run_ladder(&ladder, &killed, error);
    waiting_end();
    const char *reason = ladder.shutdown_reason[0] ? ladder.shutdown_reason : "gone";
    offline_close(ladder.link);
    file_release(&ladder.end_fd);
    if (ended)
        running_remove_files(home->run, running->name, running->tag);
    return ended ? vm_report_stop(reason, killed, ladder.presses,
                                  clock_monotonic_ms() - ladder.began_ms, ladder.disk_full)
                 : NULL;
}
