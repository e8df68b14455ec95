#include "offline.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/platform.h"
#include "home/run_folder.h"
#include "machine/socket.h"
#include "machine/vm_report.h"
#include "qmp/event.h"
#include "qmp/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PRESS_INTERVAL_MS = 10000,
    QUIT_LIMIT_MS = 10000,
    KILL_LIMIT_MS = 10000,
    LOOK_INTERVAL_MS = 100,
};

struct direct {
    int fd;
    struct qmp_session *session;
    bool eof;
    char shutdown_reason[64];
};

struct direct *direct_open(const struct home *home, const struct running *running,
                           struct error *error) {
    scoped(alloc_release) char *path = run_folder_vm(home->run, running->name, running->tag, "mon");
    int fd = socket_connect(path, error);
    if (fd < 0)
        return NULL;
    struct direct *direct = alloc_zero(sizeof *direct);
    direct->fd = fd;
    direct->session = session_new(clock_monotonic_ms(), QMP_GREETING_LIMIT_MS);
    return direct;
}

void direct_close(struct direct *direct) {
    if (!direct)
        return;
    close(direct->fd);
    session_free(direct->session);
    free(direct);
}

static void write_out(struct direct *direct) {
    struct buffer *output = session_output(direct->session);
    while (output->length) {
        ssize_t put = socket_write(direct->fd, output->data, output->length);
        if (put < 0 && errno != EINTR)
            return; /* full: the next round; broken: the read says so */
        if (put > 0)
            buffer_consume(output, (size_t)put);
    }
}

/* One round: writes, waits until something comes or until, reads. Items are pulled by the caller.
 */
static void turn(struct direct *direct, uint64_t until_ms) {
    char chunk[16384];
    write_out(direct);
    uint64_t now = clock_monotonic_ms(), deadline = session_deadline_ms(direct->session);
    if (deadline < until_ms)
        until_ms = deadline;
    struct pollfd ready = {.fd = direct->fd, .events = POLLIN};
    poll(&ready, direct->eof ? 0 : 1, until_ms > now ? (int)(until_ms - now) : 0);
    if (!direct->eof && ready.revents) {
        ssize_t got = read(direct->fd, chunk, sizeof chunk);
        if (got > 0)
            session_feed(direct->session, chunk, (size_t)got);
        else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            direct->eof = true;
            session_eof(direct->session, "QEMU closed the connection");
        }
    }
    session_tick(direct->session, clock_monotonic_ms());
}

static void note_event(struct direct *direct, const struct qmp_item *item) {
    struct qmp_event event;
    qmp_event_decode(item->name, item->value, &event);
    if (event.kind == QMP_EVENT_SHUTDOWN)
        snprintf(direct->shutdown_reason, sizeof direct->shutdown_reason, "%s", event.reason);
}

static void drain(struct direct *direct) {
    struct qmp_item item;
    while (session_next(direct->session, &item))
        if (item.kind == QMP_ITEM_EVENT)
            note_event(direct, &item);
}

json_t *direct_command(struct direct *direct, const char *command, json_t *arguments,
                       struct error *error) {
    uint64_t id = session_send(direct->session, command, arguments, direct, clock_monotonic_ms());
    if (!id) {
        error_set(error, ERROR_FAILED, "QEMU closed the connection");
        return NULL;
    }
    for (;;) {
        struct qmp_item item;
        turn(direct, QMP_NO_DEADLINE);
        while (session_next(direct->session, &item)) {
            if (item.kind == QMP_ITEM_EVENT)
                note_event(direct, &item);
            if (item.kind != QMP_ITEM_REPLY || item.id != id)
                continue;
            if (item.status == QMP_STATUS_RETURN)
                return json_incref(item.value);
            error_set(error, item.status == QMP_STATUS_TIMEOUT ? ERROR_TIMEOUT : ERROR_FAILED, "%s",
                      item.text);
            return NULL;
        }
    }
}

static bool alive(const struct running *running) {
    return platform_process_lives(running->pid, running->start);
}

/* Waits for the end of the process; true: it ended before the limit. */
static bool wait_end(struct direct *direct, const struct running *running, uint64_t until_ms) {
    while (alive(running)) {
        uint64_t now = clock_monotonic_ms();
        if (now >= until_ms)
            return false;
        if (direct) {
            turn(direct, now + LOOK_INTERVAL_MS);
            drain(direct);
        } else {
            poll(NULL, 0, LOOK_INTERVAL_MS);
        }
    }
    return true;
}

static void post(struct direct *direct, const char *command) {
    if (direct)
        session_send(direct->session, command, NULL, direct, clock_monotonic_ms());
}

static bool press_until_end(struct direct *direct, const struct running *running, uint64_t until_ms,
                            int64_t *presses) {
    for (;;) {
        uint64_t again = clock_monotonic_ms() + PRESS_INTERVAL_MS;
        post(direct, "cont");
        post(direct, "system_powerdown");
        ++*presses;
        if (wait_end(direct, running, again < until_ms ? again : until_ms))
            return true;
        if (clock_monotonic_ms() >= until_ms)
            return false;
    }
}

static bool quit(struct direct *direct, const struct running *running) {
    if (!direct)
        return false;
    post(direct, "quit");
    return wait_end(direct, running, clock_monotonic_ms() + QUIT_LIMIT_MS);
}

static bool kill_it(const struct running *running, struct error *error) {
    if (kill(running->pid, SIGKILL) < 0 && errno == EPERM)
        return error_set(error, ERROR_WRONG_STATE,
                         "process %ld of %s belongs to another user: was it started with sudo? "
                         "Then use sudo for this too",
                         (long)running->pid, running->name);
    return wait_end(NULL, running, clock_monotonic_ms() + KILL_LIMIT_MS) ||
           error_set(error, ERROR_FAILED, "process %ld of %s does not end, not even by SIGKILL",
                     (long)running->pid, running->name);
}

/* problem: why there is no way to QEMU, if there is none. */
static bool give_up(const struct direct *direct, const struct running *running,
                    const struct direct_stop *options, const struct error *problem,
                    struct error *error) {
    if (!direct)
        return error_set(error, problem->code, "%s", problem->text);
    return error_set(error, ERROR_TIMEOUT, "%s did not stop within %llu s; it still runs",
                     running->name, (unsigned long long)(options->limit_ms / 1000));
}

char *direct_stop(const struct home *home, const struct running *running,
                  const struct direct_stop *options, struct error *error) {
    uint64_t began = clock_monotonic_ms();
    uint64_t until = options->limit_ms ? began + options->limit_ms : QMP_NO_DEADLINE;
    struct error problem = {0};
    struct direct *direct = direct_open(home, running, &problem);
    int64_t presses = 0;
    bool killed = false;
    bool ended = direct && !options->force && press_until_end(direct, running, until, &presses);
    if (!ended && options->no_escalate)
        give_up(direct, running, options, &problem, error);
    else if (!ended)
        ended = quit(direct, running) || (killed = kill_it(running, error));
    if (direct)
        drain(direct);
    const char *reason = direct && direct->shutdown_reason[0] ? direct->shutdown_reason : "gone";
    char *outcome =
        ended ? vm_report_stop(reason, killed, presses, clock_monotonic_ms() - began) : NULL;
    direct_close(direct);
    return outcome;
}
