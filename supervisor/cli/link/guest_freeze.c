#include "guest_freeze.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/link/agent_question.h"
#include "machine/core/qemu_argv.h"
#include "machine/core/run_file.h"
#include "machine/socket.h"
#include "store/freeze_table.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    THAW_TRIES = 12, /* of an agent that hung in freezing and may come back */
    THAW_PAUSE_MS = 1000,
    MARGIN_MS = 2000, /* more than the guard takes beside its agent's answers */
    DESCRIPTORS = 1024,
};

/* What the guard reports, once for the freeze and once for the thaw. */
struct report {
    enum error_code code; /* ERROR_NONE: the agent has answered */
    int64_t count;        /* of file systems */
    char text[200];
};

struct guest_freeze {
    struct home *home;
    int64_t instance;
    char *path; /* of the agent's socket */
    uint64_t limit_ms;
    pid_t guard;
    int to_guard, from_guard;
};

/* --- the guard --- */

static struct report freeze_ask(const struct guest_freeze *freeze, const char *command) {
    struct report report = {0};
    struct error error = {0};
    const struct agent_question question = {
        .path = freeze->path, .stubborn = true, .limit_ms = freeze->limit_ms, .error = &error};
    json_t *answer = agent_question_ask(&question, command, NULL);
    report.count = json_integer_value(answer);
    report.code = answer ? ERROR_NONE : error.code;
    snprintf(report.text, sizeof report.text, "%.*s", (int)sizeof report.text - 1, error.text);
    json_decref(answer);
    return report;
}

/* A pipe that nobody reads any more is a caller that has ended. */
static void guard_tell(int fd, const struct report *report) {
    if (write(fd, report, sizeof *report) < 0)
        return;
}

static struct report guard_thaw(const struct guest_freeze *freeze) {
    struct report report = {0};
    for (int i = 0; i < THAW_TRIES; i++) {
        report = freeze_ask(freeze, "guest-fsfreeze-thaw");
        if (report.code == ERROR_NONE)
            break;
        poll(NULL, 0, THAW_PAUSE_MS);
    }
    return report;
}

/* Its caller's locks and sockets would be held by it as well. */
static void guard_settle(int in, int out) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], SIG_IGN);
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        if (fd != in && fd != out)
            close(fd);
    setsid();
}

static void guard_run(const struct guest_freeze *freeze, int in, int out) {
    guard_settle(in, out);
    struct report report = freeze_ask(freeze, "guest-fsfreeze-freeze");
    bool unknown = report.code == ERROR_TIMEOUT;
    bool frozen = report.code == ERROR_NONE;
    guard_tell(out, &report);
    struct pollfd end = {.fd = in, .events = POLLIN};
    if (frozen)
        poll(&end, 1, (int)freeze->limit_ms);
    if (!frozen && !unknown)
        return;
    report = guard_thaw(freeze);
    guard_tell(out, &report);
}

/* --- its caller --- */

static bool hear(const struct guest_freeze *freeze, struct report *report, struct error *error) {
    struct pollfd ready = {.fd = freeze->from_guard, .events = POLLIN};
    uint64_t until_ms = clock_monotonic_ms() + freeze->limit_ms + MARGIN_MS;
    for (;;) {
        uint64_t now_ms = clock_monotonic_ms();
        int count = now_ms < until_ms ? poll(&ready, 1, (int)(until_ms - now_ms)) : 0;
        if (count < 0 && errno == EINTR)
            continue;
        if (count == 1 && read(freeze->from_guard, report, sizeof *report) == sizeof *report)
            return true;
        return error_set(error, ERROR_TIMEOUT,
                         count == 1 ? "the process that talked to the guest agent was ended"
                                    : "the guest agent did not answer in %llu s",
                         (unsigned long long)(freeze->limit_ms / 1000));
    }
}

/* The guard is not waited for when its agent hangs: it goes on without its caller. */
static void leave(struct guest_freeze *freeze) {
    file_release(&freeze->to_guard);
    file_release(&freeze->from_guard);
    waitpid(freeze->guard, NULL, WNOHANG);
    free(freeze->path);
    free(freeze);
}

static bool begin_guard(struct guest_freeze *freeze, struct error *error) {
    int down[2] = {-1, -1}, up[2] = {-1, -1};
    if (!child_pipe(down, error))
        return false;
    if (!child_pipe(up, error)) {
        close(down[0]);
        close(down[1]);
        return false;
    }
    freeze->guard = fork();
    if (freeze->guard == 0) {
        guard_run(freeze, down[0], up[1]);
        _exit(0);
    }
    close(down[0]);
    close(up[1]);
    freeze->to_guard = down[1];
    freeze->from_guard = up[0];
    return freeze->guard > 0 || error_errno(error, "cannot begin a process");
}

/* qapi/char.json, ChardevInfo: frontend-open is whether the guest has opened the port. */
static bool check_agent(struct offline *offline, struct error *error) {
    json_t *chardevs = offline_command(offline, "query-chardev", NULL, error);
    bool open = false;
    size_t index;
    json_t *chardev;
    if (!chardevs)
        return false;
    json_array_foreach(chardevs, index, chardev) {
        const char *label = json_string_value(json_object_get(chardev, "label"));
        if (label && strcmp(label, QEMU_ARGV_AGENT) == 0)
            open = json_is_true(json_object_get(chardev, "frontend-open"));
    }
    json_decref(chardevs);
    return open || error_set(error, ERROR_NOT_FOUND, "the guest runs no agent");
}

/* What a paused guest is told waits for it, and would freeze it when it goes on. */
static bool check_running(struct offline *offline, struct error *error) {
    json_t *status = offline_command(offline, "query-status", NULL, error);
    bool runs = json_is_true(json_object_get(status, "running"));
    bool told = status != NULL;
    json_decref(status);
    return runs || (told && error_set(error, ERROR_WRONG_STATE, "the guest is paused"));
}

static void forget(const struct guest_freeze *freeze) {
    freeze_table_remove(freeze->home->store, freeze->instance, NULL);
}

/* One that an earlier process has left frozen: else its thaw would be taken for ours. */
static bool thaw_leftover(const struct guest_freeze *freeze, struct error *error) {
    struct store_freezes freezes = {0};
    struct report report = {0};
    if (!freeze_table_list(freeze->home->store, freeze->instance, &freezes, error))
        return false;
    if (freezes.count)
        report = freeze_ask(freeze, "guest-fsfreeze-thaw");
    store_freezes_done(&freezes);
    return report.code == ERROR_NONE || error_set(error, report.code, "%s", report.text);
}

/* Whether what the guard reports first is that they are frozen. */
static bool is_frozen(const struct guest_freeze *freeze, struct error *error) {
    struct report report = {0};
    if (!hear(freeze, &report, error))
        return false;
    if (report.code == ERROR_NONE && report.count > 0)
        return true;
    if (report.code == ERROR_TIMEOUT)
        return error_set(error, ERROR_TIMEOUT,
                         "the guest agent did not freeze the file systems in %llu s",
                         (unsigned long long)(freeze->limit_ms / 1000));
    forget(freeze);
    return error_set(error, ERROR_FAILED, "%s",
                     report.code == ERROR_NONE ? "the guest agent found no file system to freeze"
                                               : report.text);
}

static bool freeze_now(struct guest_freeze *freeze, struct error *error) {
    const struct store_freeze row = {freeze->instance, clock_wall_ms()};
    if (!thaw_leftover(freeze, error) || !freeze_table_put(freeze->home->store, &row, error))
        return false;
    if (begin_guard(freeze, error))
        return is_frozen(freeze, error);
    forget(freeze);
    return false;
}

struct guest_freeze *guest_freeze_begin(const struct guest_freeze_target *target,
                                        struct error *error) {
    if (target->offline &&
        (!check_running(target->offline, error) || !check_agent(target->offline, error)))
        return NULL;
    struct guest_freeze *freeze = alloc_zero(sizeof *freeze);
    *freeze = (struct guest_freeze){
        .home = target->home,
        .instance = target->instance,
        .path = run_file_path(target->home->run, target->running->name, target->running->tag,
                              RUN_FILE_AGENT),
        .limit_ms = target->limit_ms ? target->limit_ms : GUEST_FREEZE_LIMIT_MS,
        .guard = -1,
        .to_guard = -1,
        .from_guard = -1,
    };
    if (freeze_now(freeze, error))
        return freeze;
    leave(freeze);
    return NULL;
}

/* What the guard reports of the thaw; if it was ended, this process thaws. */
static struct report hear_thaw(const struct guest_freeze *freeze) {
    struct report report = {0};
    struct error unheard = {0};
    if (hear(freeze, &report, &unheard))
        return report;
    report = freeze_ask(freeze, "guest-fsfreeze-thaw");
    report.count = 0; /* who knows since when */
    return report;
}

/* The guard has thawed by itself if this comes too late; somebody else has if none was frozen. */
bool guest_freeze_end(struct guest_freeze *freeze, struct error *error) {
    if (!freeze)
        return false;
    struct pollfd early = {.fd = freeze->from_guard, .events = POLLIN};
    bool late = poll(&early, 1, 0) > 0;
    bool told = socket_write(freeze->to_guard, "t", 1) == 1;
    struct report report = hear_thaw(freeze);
    bool good = report.code == ERROR_NONE;
    if (good)
        forget(freeze);
    else
        error_set(error, report.code, "the file systems are not thawed yet: %s", report.text);
    if (good && (late || !told || report.count == 0))
        good = error_set(error, ERROR_TIMEOUT, "the file systems were thawed too early");
    leave(freeze);
    return good;
}
