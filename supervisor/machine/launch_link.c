#include "machine/launch_link.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "launcher/launcher.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct launch_link {
    int fd;
    bool any_arguments;
    bool lost;
    void (*on_lost)(void);
    uv_poll_t poll;
    uv_mutex_t sending; /* requests of several threads stay whole */
};

/* The launcher never writes here: there is only its end to be read. */
static void on_launcher_gone(uv_poll_t *poll, int status, int events) {
    struct launch_link *link = poll->data;
    (void)status;
    (void)events;
    uv_poll_stop(poll);
    link->lost = true;
    link->on_lost();
}

struct launch_link *launch_link_new(uv_loop_t *loop, int fd, bool any_arguments,
                                    void (*on_lost)(void)) {
    struct launch_link *link = alloc_zero(sizeof *link);
    link->fd = fd;
    link->any_arguments = any_arguments;
    link->on_lost = on_lost;
    link->poll.data = link;
    uv_mutex_init(&link->sending);
    uv_poll_init(loop, &link->poll, fd);
    uv_poll_start(&link->poll, UV_READABLE, on_launcher_gone);
    uv_unref((uv_handle_t *)&link->poll); /* the loop ends without it */
    return link;
}

static void launch_link_on_closed(uv_handle_t *handle) {
    struct launch_link *link = handle->data;
    close(link->fd);
    uv_mutex_destroy(&link->sending);
    free(link);
}

void launch_link_close(struct launch_link *link) {
    if (link)
        uv_close((uv_handle_t *)&link->poll, launch_link_on_closed);
}

bool launch_link_any_arguments(const struct launch_link *link) {
    return !link || link->any_arguments;
}

/* libuv has made the socket non-blocking. */
static bool wait_writable(int fd, uint64_t deadline) {
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    uint64_t now = clock_monotonic_ms();
    return now < deadline && poll(&ready, 1, (int)(deadline - now)) >= 0;
}

static bool send_whole(int fd, struct msghdr *message, const char *data, size_t length) {
    uint64_t deadline = clock_monotonic_ms() + LAUNCH_LINK_TIMEOUT_MS;
    while (length) {
        struct iovec bytes = {(void *)data, length};
        message->msg_iov = &bytes;
        message->msg_iovlen = 1;
        ssize_t put = sendmsg(fd, message, 0);
        if (put < 0 && ((errno != EAGAIN && errno != EINTR) || !wait_writable(fd, deadline)))
            return false;
        if (put <= 0)
            continue;
        data += put;
        length -= (size_t)put;
        message->msg_control = NULL; /* descriptors go with the first byte */
        message->msg_controllen = 0;
    }
    return true;
}

static bool send_request(struct launch_link *link, const struct launcher_request *request,
                         const int *fds, size_t count) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(LAUNCHER_FDS_MAX * sizeof(int))];
    } control = {0};
    struct msghdr message = {0};
    if (count) {
        message.msg_control = &control;
        message.msg_controllen = (socklen_t)CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *rights = &control.align; /* where CMSG_FIRSTHDR() is */
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = (socklen_t)CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
    }
    uv_mutex_lock(&link->sending);
    bool good = send_whole(link->fd, &message, (const char *)request, sizeof *request);
    uv_mutex_unlock(&link->sending);
    return good;
}

static bool fill_arguments(char *const argv[], struct launcher_request *request,
                           struct error *error) {
    size_t used = 0;
    for (; argv[request->argument_count]; request->argument_count++) {
        size_t length = strlen(argv[request->argument_count]) + 1;
        if (request->argument_count == LAUNCHER_ARGUMENTS_MAX ||
            length > sizeof request->arguments - used)
            return error_set(error, ERROR_INVALID, "the command line of %s is too long", argv[0]);
        memcpy(request->arguments + used, argv[request->argument_count], length);
        used += length;
    }
    return true;
}

static bool fill_file(const struct launch_link_program *program, struct launcher_request *request,
                      struct error *error) {
    size_t length = program->file ? program->file->length : 0;
    if (length > sizeof request->file)
        return error_set(error, ERROR_INVALID, "the address of the seed is too long");
    if (length)
        memcpy(request->file, program->file->data, length);
    request->file_length = (uint32_t)length;
    return true;
}

static bool read_report(int fd, struct launcher_report *report, unsigned timeout_ms) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    ssize_t got = -1;
    if (poll(&ready, 1, (int)timeout_ms) > 0)
        got = read(fd, report, sizeof *report);
    return got == (ssize_t)sizeof *report;
}

static bool fail_lost(const char *program, struct error *error) {
    return error_set(error, ERROR_FAILED,
                     "cannot start %s: the launcher, which was root's part of `pgsup up`, has "
                     "ended: run `pgsup down --keep`, then `sudo pgsup up` again",
                     program);
}

static bool launch_judge(const struct launcher_report *report, const char *program,
                         struct error *error) {
    switch ((enum launcher_event)report->event) {
    case LAUNCHER_STARTED: return true;
    case LAUNCHER_REFUSED:
        return error_set(error, ERROR_WRONG_STATE,
                         "the launcher does not start %s as root with these arguments: it knows "
                         "only QEMU and network helpers in folders of the system, and the options "
                         "that pgsup makes",
                         program);
    case LAUNCHER_FAILED:
        errno = report->value;
        return error_errno(error, "cannot run %s", program);
    case LAUNCHER_ENDED: break;
    }
    return fail_lost(program, error);
}

bool launch_link_start(struct launch_link *link, const struct launch_link_program *program,
                       pid_t *pid, int *reports, struct error *error) {
    scoped(alloc_release) struct launcher_request *request = alloc_zero(sizeof *request);
    struct launcher_report report = {0};
    scoped(file_release) int theirs = -1;
    int ends[2], fds[LAUNCHER_FDS_MAX];
    request->order = program->as_root ? LAUNCHER_START_AS_ROOT : LAUNCHER_START_AS_USER;
    if (!fill_arguments(program->argv, request, error) || !fill_file(program, request, error) ||
        !child_pipe(ends, error))
        return false;
    theirs = fds[0] = ends[1];
    for (size_t i = 0; i < program->fd_count; i++)
        fds[i + 1] = program->fds[i];
    bool sent = send_request(link, request, fds, program->fd_count + 1);
    file_release(&theirs); /* the launcher's end shows by the end of the pipe */
    bool good = sent && read_report(ends[0], &report, LAUNCH_LINK_TIMEOUT_MS)
                    ? launch_judge(&report, program->argv[0], error)
                    : fail_lost(program->argv[0], error);
    *pid = report.pid;
    *reports = ends[0];
    if (!good)
        file_release(reports);
    return good;
}

void launch_link_signal(struct launch_link *link, pid_t pid, int signal) {
    scoped(alloc_release) struct launcher_request *request = alloc_zero(sizeof *request);
    request->order = LAUNCHER_SIGNAL;
    request->pid = pid;
    request->signal = signal;
    send_request(link, request, NULL, 0);
}

bool launch_link_read_end(int reports, struct process_end *end) {
    struct launcher_report report = {0};
    if (!read_report(reports, &report, 0) || report.event != LAUNCHER_ENDED)
        return false;
    end->status_known = true;
    end->exit_status = WIFEXITED(report.value) ? WEXITSTATUS(report.value) : 0;
    end->signal = WIFSIGNALED(report.value) ? WTERMSIG(report.value) : 0;
    return true;
}
