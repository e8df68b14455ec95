#include "base/child.h"

#include "base/alloc.h"
#include "base/descriptors.h"
#include "base/file.h"
#include "base/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT_RUN_STATUS 126 /* as in a shell */

extern char **environ;

/* Not every system can make a pipe that is close-on-exec from the beginning: nothing is forked
 * between its two steps. A child that had the writing end of another one's pipe would keep the
 * reader waiting. Held until the child's exec where the child has this process's memory until
 * then. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Where a child's descriptors lie while it is made in a process with many: few lie below, so that
 * no others are copied for it. Between two uses they are /dev/null. A QEMU takes 5, one for each
 * network card with a helper, of which there are 8 at most, and one for its failure. */
enum { NEAR_FDS = 16, MANY_FDS = 256, NEAR_FDS_LIMIT = 1024 };
static int near_fds[NEAR_FDS];
static bool has_near_fds;

static bool open_pipe(int ends[2]) {
    if (pipe(ends) < 0)
        return false;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return true;
}

bool child_pipe(int ends[2], struct error *error) {
    pthread_mutex_lock(&lock);
    bool good = open_pipe(ends) || error_errno(error, "cannot make a pipe");
    pthread_mutex_unlock(&lock);
    return good;
}

static const char *path_of(const struct child_options *options) {
    return options->path ? options->path : options->argv[0];
}

/* --- in the child: only what is safe after a fork of a process with threads, and changes no
 * variable of this process, whose memory it may have until its exec --- */

/* A handler of this process must not run in the child, which shares its pipes; exec would keep
 * what is ignored. */
static void reset_signals(void) {
    static const int numbers[] = {SIGPIPE, SIGINT, SIGTERM, SIGCHLD};
    struct sigaction action, standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    sigemptyset(&none);
    sigemptyset(&standard.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &standard, NULL);
    for (int number = 1; number < NSIG; number++)
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN &&
            action.sa_handler != SIG_DFL)
            sigaction(number, &standard, NULL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Those that lie in the place of another one are moved first. */
static bool place_fds(const struct child_options *options, int null) {
    int from[CHILD_FDS_MAX], count = (int)options->fd_count;
    for (int i = 0; i < count; i++) {
        from[i] = options->fds[i] == CHILD_NULL ? null : options->fds[i];
        if (from[i] < count && (from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, count)) < 0)
            return false;
    }
    for (int i = 0; i < count; i++)
        if (dup2(from[i], i) < 0)
            return false;
    return true;
}

struct new_child {
    const struct child_options *options;
    int null, failure;
};

static _Noreturn void become(void *context) {
    const struct new_child *child = context;
    const struct child_options *options = child->options;
    bool placed = (options->group == CHILD_SESSION ? setsid() >= 0 : setpgid(0, 0) == 0) &&
                  place_fds(options, child->null) &&
                  (!options->folder || chdir(options->folder) == 0);
    if (placed) {
        platform_close_on_exec((int)options->fd_count);
        descriptors_give_back();
        reset_signals();
        execve(path_of(options), options->argv,
               options->environment ? options->environment : environ);
    }
    int number = errno;
    while (write(child->failure, &number, sizeof number) < 0 && errno == EINTR)
        continue;
    _exit(CANNOT_RUN_STATUS);
}

/* --- in this process --- */

void child_keep_near_fds(void) {
    if (has_near_fds || !platform_forks_near() || descriptors_limit() < NEAR_FDS_LIMIT)
        return;
    scoped(file_release) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int count = 0;
    while (count < NEAR_FDS && (near_fds[count] = fcntl(null, F_DUPFD_CLOEXEC, CHILD_FDS_MAX)) >= 0)
        count++;
    has_near_fds = count == NEAR_FDS;
    while (!has_near_fds && count > 0)
        close(near_fds[--count]);
}

/* Every way out of this process is by exec, and nothing is forked between the two steps. */
static bool place_near(int fd, int place) {
    return dup2(fd, place) >= 0 && fcntl(place, F_SETFD, FD_CLOEXEC) == 0;
}

/* Where this one lies near; each is put there once. -1: there is no place. */
static int bring_near(int fd, int brought[NEAR_FDS], int *count) {
    for (int i = 0; i < *count; i++)
        if (brought[i] == fd)
            return near_fds[i];
    if (*count == NEAR_FDS || !place_near(fd, near_fds[*count]))
        return -1;
    brought[*count] = fd;
    return near_fds[(*count)++];
}

/* -1 with errno. failure is above all places that a child has descriptors in. */
static pid_t fork_child(const struct new_child *given, int end) {
    struct new_child child = *given;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = platform_fork(end, become, &child);
    int number = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return pid;
}

static pid_t fork_by_near_fds(const struct new_child *given) {
    int fds[CHILD_FDS_MAX], brought[NEAR_FDS] = {0}, count = 0;
    struct child_options options = *given->options;
    struct new_child child = {&options, bring_near(given->null, brought, &count),
                              bring_near(given->failure, brought, &count)};
    bool near = child.null >= 0 && child.failure >= 0;
    for (size_t i = 0; near && i < options.fd_count; i++) {
        int fd = options.fds[i];
        fds[i] = fd == CHILD_NULL ? child.null : bring_near(fd, brought, &count);
        near = fds[i] >= 0;
    }
    options.fds = fds;
    pid_t pid = near ? fork_child(&child, near_fds[NEAR_FDS - 1] + 1) : fork_child(given, INT_MAX);
    int number = errno;
    while (count > 0)
        place_near(given->null, near_fds[--count]);
    errno = number;
    return pid;
}

/* 0 once the program runs, otherwise errno. */
static int read_failure(int fd) {
    int number = 0;
    while (read(fd, &number, sizeof number) < 0)
        if (errno != EINTR)
            return errno;
    return number;
}

/* Whoever started this process may have it ignore the ends of children: then the system would wait
 * for them, and how they ended would be lost. */
static void hear_of_ends(void) {
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
}

/* errno of the failure. The pipe closes when the program runs. */
static int start_child(const struct child_options *options, int null, pid_t *pid) {
    scoped(file_release) int reader = -1;
    scoped(file_release) int failure = -1;
    int ends[2];
    pthread_mutex_lock(&lock);
    hear_of_ends();
    *pid = -1;
    if (open_pipe(ends)) {
        reader = ends[0];
        failure = fcntl(ends[1], F_DUPFD_CLOEXEC, (int)options->fd_count);
        close(ends[1]);
        const struct new_child child = {options, null, failure};
        if (failure >= 0)
            *pid = has_near_fds && null >= MANY_FDS ? fork_by_near_fds(&child)
                                                    : fork_child(&child, INT_MAX);
    }
    int number = *pid < 0 ? errno : 0;
    pthread_mutex_unlock(&lock);
    file_release(&failure);
    if (*pid < 0 || !(number = read_failure(reader)))
        return number;
    while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return number;
}

bool child_spawn(const struct child_options *options, pid_t *pid, struct error *error) {
    scoped(file_release) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return error_errno(error, "cannot open /dev/null");
    errno = start_child(options, null, pid);
    return errno == 0 || error_errno(error, "cannot run %s", path_of(options));
}
