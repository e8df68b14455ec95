#include "launcher/launcher.h"

#include "base/platform.h"
#include "launcher/grammar.h"
#include "launcher/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

struct launcher {
    const struct identity *user;
    int requests; /* -1: the supervisor has closed it */
    pid_t supervisor;
    struct started {
        pid_t pid;
        int reports;
        struct start_folder folder;
    } started[LAUNCHER_PROGRAMS_MAX];
    size_t count;
};

static volatile sig_atomic_t signal_for_supervisor;

/* A terminal signals all its processes, the supervisor too: such a signal has no sender. */
static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    if (number != SIGCHLD && info->si_pid != 0)
        signal_for_supervisor = number;
}

static void report(int fd, enum launcher_event event, pid_t pid, int value) {
    struct launcher_report report = {event, pid, value};
    while (write(fd, &report, sizeof report) < 0 && errno == EINTR)
        continue;
}

static void launch(struct launcher *launcher, struct start *start) {
    int reports = start->fds[0];
    if (start->as_root && !grammar_allows(start->argv, launcher->user)) {
        report(reports, LAUNCHER_REFUSED, 0, EPERM);
        return;
    }
    struct started started = {.pid = -1, .reports = reports};
    errno = EAGAIN;
    if (launcher->count < LAUNCHER_PROGRAMS_MAX)
        started.pid = start_program(start, launcher->user, &started.folder);
    if (started.pid < 0) {
        report(reports, LAUNCHER_FAILED, 0, errno);
        return;
    }
    launcher->started[launcher->count++] = started;
    start->fds[0] = -1;
    report(reports, LAUNCHER_STARTED, started.pid, 0);
}

/* False: the request is not well formed. */
static bool split_arguments(struct launcher_request *request, struct start *start) {
    char *next = request->arguments, *end = next + sizeof request->arguments;
    if (request->argument_count == 0 || request->argument_count > LAUNCHER_ARGUMENTS_MAX ||
        request->file_length > sizeof request->file || *next != '/')
        return false;
    start->file = request->file;
    start->file_length = request->file_length;
    for (uint32_t i = 0; i < request->argument_count; i++) {
        char *nul = memchr(next, 0, (size_t)(end - next));
        if (!nul)
            return false;
        start->argv[i] = next;
        next = nul + 1;
    }
    return true;
}

static void obey(struct launcher *launcher, struct launcher_request *request, struct start *start) {
    start->as_root = request->order == LAUNCHER_START_AS_ROOT;
    if (start->as_root || request->order == LAUNCHER_START_AS_USER) {
        if (start->fd_count > 0 && split_arguments(request, start))
            launch(launcher, start);
        return;
    }
    for (size_t i = 0; i < launcher->count; i++)
        if (launcher->started[i].pid == request->pid)
            kill(request->pid, request->signal);
}

/* Above the numbers that they will have in the program. */
static void take_fds(struct msghdr *message, struct start *start) {
    for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each; each = CMSG_NXTHDR(message, each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
            if (start->fd_count < LAUNCHER_FDS_MAX)
                start->fds[start->fd_count++] = fcntl(fd, F_DUPFD_CLOEXEC, START_HIGH_FD);
            close(fd);
        }
    }
}

/* False: the supervisor has closed its end. */
static bool receive(int requests, struct launcher_request *request, struct start *start) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(LAUNCHER_FDS_MAX * sizeof(int))];
    } control;
    struct iovec bytes = {request, sizeof *request};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(requests, &message, 0);
    if (got > 0)
        take_fds(&message, start);
    for (size_t have = got > 0 ? (size_t)got : 0; got > 0 && have < sizeof *request;) {
        got = recv(requests, (char *)request + have, sizeof *request - have, MSG_WAITALL);
        have += got > 0 ? (size_t)got : 0;
    }
    return got > 0;
}

static void take_request(struct launcher *launcher) {
    static struct launcher_request request;
    char *argv[LAUNCHER_ARGUMENTS_MAX + 1] = {0};
    int fds[LAUNCHER_FDS_MAX];
    struct start start = {.argv = argv, .fds = fds};
    if (receive(launcher->requests, &request, &start)) {
        obey(launcher, &request, &start);
    } else {
        close(launcher->requests);
        launcher->requests = -1;
    }
    for (size_t i = 0; i < start.fd_count; i++)
        close(start.fds[i]);
}

/* Programs run on, but have read their files long since. */
static _Noreturn void end_like(struct launcher *launcher, int status) {
    for (size_t i = 0; i < launcher->count; i++)
        start_remove(&launcher->started[i].folder);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void reap_programs(struct launcher *launcher) {
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == launcher->supervisor)
            end_like(launcher, status);
        for (size_t i = 0; i < launcher->count; i++) {
            if (launcher->started[i].pid != pid)
                continue;
            report(launcher->started[i].reports, LAUNCHER_ENDED, pid, status);
            close(launcher->started[i].reports);
            start_remove(&launcher->started[i].folder);
            launcher->started[i] = launcher->started[--launcher->count];
            break;
        }
    }
}

/* Signals come only while it waits. */
static _Noreturn void serve(struct launcher *launcher, const sigset_t *waiting) {
    for (;;) {
        fd_set ready;
        FD_ZERO(&ready);
        reap_programs(launcher);
        if (signal_for_supervisor)
            kill(launcher->supervisor, signal_for_supervisor);
        signal_for_supervisor = 0;
        if (launcher->requests >= 0)
            FD_SET(launcher->requests, &ready);
        if (pselect(launcher->requests + 1, &ready, NULL, NULL, NULL, waiting) > 0)
            take_request(launcher);
    }
}

/* The mask that was before, for the child and for the time of waiting. */
static void catch_signals(sigset_t *before) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCHLD};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigset_t caught;
    sigemptyset(&caught);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaddset(&caught, numbers[i]);
        sigaction(numbers[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &caught, before);
}

/* In the parent, with nothing left of what its caller had open. */
static _Noreturn void stay_root(struct launcher *launcher, int null) {
    sigset_t before;
    catch_signals(&before);
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    platform_close_others(launcher->requests);
    start_remove_stale();
    if (chdir("/") == 0)
        serve(launcher, &before);
    _exit(START_FAILED_STATUS);
}

int launcher_fork(const struct identity *user, int keep) {
    static struct launcher launcher;
    const struct rlimit none = {0, 0};
    int ends[2];
    platform_close_others(keep);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    launcher = (struct launcher){.user = user, .requests = ends[0], .supervisor = fork()};
    if (launcher.supervisor < 0)
        return -1;
    if (launcher.supervisor > 0)
        stay_root(&launcher, null);
    close(ends[0]);
    close(null);
    if (identity_drop(user))
        return ends[1];
    _exit(START_FAILED_STATUS);
}
