#include "process.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/platform.h"
#include "machine/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* For processes whose end the system does not report. */
enum { POLL_INTERVAL_MS = 250, SLOW_POLL_INTERVAL_MS = 2000 };

struct process {
    void *owner;
    process_on_end *on_end;
    pid_t pid;
    uint64_t start;
    bool child, ended, closing;
    bool slow, seen;          /* only when watched */
    int end_fd;               /* watched: readable when it has ended; -1: it is polled */
    int open_handles;         /* the last close callback frees */
    struct launch_link *link; /* started by the launcher, which reports through end_fd */
    uv_poll_t end;
    uv_timer_t timer; /* when it is polled */
};

static void process_report_end(struct process *process, const struct process_end *end) {
    if (process->ended || process->closing)
        return;
    process->ended = true;
    process->on_end(process->owner, end);
}

static void read_status(int status, struct process_end *end) {
    end->status_known = true;
    end->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* False: a child that cannot be waited for yet. XNU sends NOTE_EXIT before it can be. */
static bool reap(struct process *process, struct process_end *end) {
    int status;
    pid_t waited = waitpid(process->pid, &status, WNOHANG);
    if (waited == process->pid)
        read_status(status, end);
    return waited != 0;
}

/* A child is there until it has been waited for. */
static bool is_over(struct process *process, struct process_end *end) {
    if (process->child)
        return reap(process, end);
    return !platform_process_lives(process->pid, process->start);
}

static void on_poll_due(uv_timer_t *timer) {
    struct process *process = timer->data;
    struct process_end end = {0};
    if (!is_over(process, &end)) {
        tick_start(timer, on_poll_due, process->slow ? SLOW_POLL_INTERVAL_MS : POLL_INTERVAL_MS);
        return;
    }
    if (process->slow && !process->seen) {
        process->seen = true;
        tick_start(timer, on_poll_due, SLOW_POLL_INTERVAL_MS);
        return;
    }
    if (!process->child)
        reap(process, &end); /* fails for what this process has not created */
    process_report_end(process, &end);
}

static void process_on_closed(uv_handle_t *handle) {
    struct process *process = handle->data;
    if (--process->open_handles == 0)
        free(process);
}

/* From now on the process is polled. */
static void drop_end_fd(struct process *process) {
    if (process->end_fd < 0)
        return;
    uv_close((uv_handle_t *)&process->end, process_on_closed);
    file_release(&process->end_fd);
}

static void on_end_readable(uv_poll_t *poll, int status, int events) {
    struct process *process = poll->data;
    struct process_end end = {0};
    int how;
    (void)events;
    bool known = process->link && launch_link_read_end(process->end_fd, &end);
    if (!process->link && platform_process_end_status(process->end_fd, &how))
        read_status(how, &end);
    drop_end_fd(process);
    if (known || (status == 0 && !process->link && reap(process, &end)))
        process_report_end(process, &end);
    else
        tick_start(&process->timer, on_poll_due, POLL_INTERVAL_MS);
}

/* False: the process must be polled. */
static bool watch_end_fd(struct process *process, uv_loop_t *loop, int fd) {
    process->end_fd = fd;
    if (process->end_fd < 0)
        return false;
    if (uv_poll_init(loop, &process->end, process->end_fd) < 0) {
        file_release(&process->end_fd);
        return false;
    }
    process->end.data = process;
    process->open_handles++;
    if ((process->link || process->child || platform_process_lives(process->pid, process->start)) &&
        uv_poll_start(&process->end, UV_READABLE, on_end_readable) == 0)
        return true;
    drop_end_fd(process);
    return false;
}

static void watch(struct process *process, uv_loop_t *loop, int end_fd) {
    uv_timer_init(loop, &process->timer);
    process->timer.data = process;
    if (watch_end_fd(process, loop, end_fd))
        return;
    if (process->child)
        uv_timer_start(&process->timer, on_poll_due, 0, 0);
    else
        tick_start(&process->timer, on_poll_due, POLL_INTERVAL_MS);
}

static struct process *process_create(void *owner, process_on_end *on_end) {
    struct process *process = alloc_zero(sizeof *process);
    process->owner = owner;
    process->on_end = on_end;
    process->end_fd = -1;
    process->open_handles = 1;
    return process;
}

struct process *process_run(uv_loop_t *loop, const struct child_options *options,
                            const struct process_listener *listener, struct error *error) {
    pid_t pid;
    if (!child_spawn(options, &pid, error))
        return NULL;
    struct process *process = process_create(listener->owner, listener->on_end);
    process->child = true;
    process->pid = pid;
    process->start = platform_process_start(pid);
    watch(process, loop, platform_process_end_fd(pid));
    return process;
}

/* stdin is /dev/null: a VM must not read the supervisor's terminal. A session of its own, so that
 * Ctrl-C in `pgsup up` does not reach it. */
static struct process *spawn_child(uv_loop_t *loop, const struct process_options *options, int log,
                                   const struct process_listener *listener, struct error *error) {
    int fds[PROCESS_HELPER_FD + SPEC_NICS_MAX] = {
        CHILD_NULL, log,
        log, [PROCESS_QMP_FD] = options->qmp_fd, [PROCESS_CONSOLE_FD] = options->console_fd};
    for (size_t i = 0; i < options->helpers->count; i++)
        fds[PROCESS_HELPER_FD + i] = options->helpers->items[i].fd;
    const struct child_options child = {.argv = options->argv,
                                        .fds = fds,
                                        .fd_count = PROCESS_HELPER_FD + options->helpers->count,
                                        .group = CHILD_SESSION};
    return process_run(loop, &child, listener, error);
}

static struct process *launch(uv_loop_t *loop, const struct process_options *options, int log,
                              const struct process_listener *listener, struct error *error) {
    int fds[PROCESS_HELPER_FD - 1 + SPEC_NICS_MAX + PROCESS_MORE_FDS] = {log, log, options->qmp_fd,
                                                                         options->console_fd};
    size_t count = options->helpers->count;
    for (size_t i = 0; i < count; i++)
        fds[PROCESS_HELPER_FD - 1 + i] = options->helpers->items[i].fd;
    count += PROCESS_HELPER_FD - 1;
    for (int i = 0; options->as_root && i < PROCESS_MORE_FDS; i++)
        fds[count++] = options->more[i];
    const struct launch_link_program program = {options->argv, fds, count, options->as_root,
                                                options->root_file};
    pid_t pid;
    int reports;
    if (!launch_link_start(options->link, &program, &pid, &reports, error))
        return NULL;
    struct process *process = process_create(listener->owner, listener->on_end);
    process->link = options->link;
    process->pid = pid;
    process->start = platform_process_start(pid);
    watch(process, loop, reports);
    return process;
}

struct process *process_spawn(uv_loop_t *loop, const struct process_options *options,
                              const struct process_listener *listener, struct error *error) {
    scoped(file_release) int log = file_open_log(options->log, error);
    if (log < 0)
        return NULL;
    return options->link ? launch(loop, options, log, listener, error)
                         : spawn_child(loop, options, log, listener, error);
}

struct process *process_watch(uv_loop_t *loop, pid_t pid, uint64_t start, void *owner,
                              process_on_end *on_end) {
    struct process *process = process_create(owner, on_end);
    process->pid = pid;
    process->start = start;
    watch(process, loop, platform_process_end_fd(pid));
    return process;
}

void process_poll_slowly(struct process *process) {
    process->slow = true;
    drop_end_fd(process);
    tick_start(&process->timer, on_poll_due, SLOW_POLL_INTERVAL_MS);
}

pid_t process_pid(const struct process *process) {
    return process->pid;
}

uint64_t process_start(const struct process *process) {
    return process->start;
}

/* A child that has not been waited for keeps its pid; for others the start time tells. Only the
 * launcher may signal a QEMU that has not dropped root yet. */
void process_kill(struct process *process, int signal) {
    if (process->ended ||
        (!process->child && !platform_process_lives(process->pid, process->start)))
        return;
    if (kill(process->pid, signal) < 0 && errno == EPERM && process->link)
        launch_link_signal(process->link, process->pid, signal);
}

void process_close(struct process *process) {
    if (!process || process->closing)
        return;
    process->closing = true;
    drop_end_fd(process);
    uv_close((uv_handle_t *)&process->timer, process_on_closed);
}
