#include "host/program.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/waiting.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LAST_LINE_LIMIT_BYTES 400
#define POLL_INTERVAL_MS      200 /* for the exit of a child whose pipe another one holds */
#define CANNOT_RUN_STATUS     126 /* as in a shell */
#define REAP_INTERVAL_MIN_US  50  /* for a child that closed its output and keeps running */
#define REAP_INTERVAL_MAX_US  5000

/* sudo and launchers with a short PATH omit these. */
static const char *const usual_folders[] = {"/opt/homebrew/bin",
                                            "/opt/homebrew/sbin",
                                            "/usr/local/bin",
                                            "/usr/local/sbin",
                                            "/opt/local/bin",
                                            "/usr/bin",
                                            "/usr/sbin",
                                            "/bin",
                                            "/sbin",
                                            NULL};

static char *executable_in(const char *folder, size_t length, const char *name) {
    char *path = alloc_printf("%.*s/%s", (int)length, folder, name);
    struct stat status;
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* Relative folders are skipped: the program must not depend on the working directory. */
static char *find_in_path(const char *name) {
    const char *folder = getenv("PATH");
    while (folder && *folder) {
        size_t length = strcspn(folder, ":");
        char *path = folder[0] == '/' ? executable_in(folder, length, name) : NULL;
        if (path)
            return path;
        folder += length + (folder[length] == ':');
    }
    return NULL;
}

char *program_find(const char *name, struct error *error) {
    if (strchr(name, '/')) {
        if (access(name, X_OK) == 0)
            return file_absolute(name);
        error_set(error, ERROR_NOT_FOUND, "%s is not an executable program", name);
        return NULL;
    }
    const char *copy = platform_privileged_copy(name);
    if (copy && access(copy, X_OK) == 0)
        return alloc_string(copy);
    char *path = find_in_path(name);
    for (const char *const *folder = usual_folders; !path && *folder; folder++)
        path = executable_in(*folder, strlen(*folder), name);
    if (!path)
        error_set(error, ERROR_NOT_FOUND, "%s is not installed: %s %s", name,
                  platform_install_hint(), platform_package_of(name));
    return path;
}

/* fds: stdin, stdout, stderr and one that the child only holds; 0: none. A process group of its
 * own, so that killing it also kills what it started. */
static bool spawn_program(const char *path, char *const argv[], const int fds[4], pid_t *pid,
                          struct error *error) {
    const struct child_options options = {
        .path = path, .argv = argv, .fds = fds, .fd_count = fds[3] ? 4 : 3, .group = CHILD_GROUP};
    return child_spawn(&options, pid, error);
}

/* The whole input is written to the pipe before its reader starts. */
static int open_input(const char *input, struct error *error) {
    size_t length = input ? strlen(input) : 0;
    int ends[2] = {-1, -1};
    if (length > PROGRAM_INPUT_LIMIT_BYTES) {
        error_set(error, ERROR_FAILED, "an input of %zu bytes is too long", length);
        return -1;
    }
    if (!input) {
        ends[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (ends[0] < 0)
            error_errno(error, "cannot open /dev/null");
        return ends[0];
    }
    if (!child_pipe(ends, error))
        return -1;
    if (write(ends[1], input, length) != (ssize_t)length) {
        error_errno(error, "cannot write to a pipe");
        file_release(&ends[0]);
    }
    close(ends[1]);
    return ends[0];
}

static int remaining_ms(uint64_t deadline) {
    uint64_t now = clock_monotonic_ms();
    return now >= deadline ? 0 : (int)(deadline - now);
}

static bool has_ended(pid_t pid) {
    siginfo_t end = {0};
    return waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid == pid;
}

/* Output beyond the limit is read and dropped, so that the child does not block. Another program
 * that was started at the same time may hold the pipe open, so the exit of the child counts as the
 * end of its output. False when the deadline or an interrupt comes first. */
static bool collect(int fd, pid_t pid, uint64_t deadline, struct buffer *output) {
    char chunk[16384];
    size_t kept = 0;
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int left = remaining_ms(deadline);
        bool ended = has_ended(pid); /* checked before poll(), so that the last output is read */
        int count = poll(&ready, 1, ended ? 0 : left < POLL_INTERVAL_MS ? left : POLL_INTERVAL_MS);
        if (count <= 0 && !ended && !interrupt_check(NULL))
            return false;
        if (count == 0 && (ended || left == 0))
            return ended;
        waiting_tick();
        if (count == 0)
            continue;
        ssize_t got = count < 0 ? -1 : read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return true;
        size_t room = PROGRAM_OUTPUT_LIMIT_BYTES - kept;
        size_t keep = (size_t)got < room ? (size_t)got : room;
        buffer_append(output, chunk, keep);
        kept += keep;
    }
}

static void pause_us(unsigned microseconds) {
    const struct timespec time = {.tv_nsec = (long)microseconds * 1000};
    nanosleep(&time, NULL);
}

/* A child may close its output and keep running, so its exit has a deadline of its own. Most exit
 * at once after it, so the first looks follow each other fast. */
static bool reap(pid_t pid, uint64_t deadline, int *status) {
    for (unsigned wait_us = REAP_INTERVAL_MIN_US;; wait_us *= 2) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return true;
        if (remaining_ms(deadline) == 0 || !interrupt_check(NULL))
            return false;
        waiting_tick();
        if (wait_us > REAP_INTERVAL_MAX_US)
            wait_us = REAP_INTERVAL_MAX_US;
        pause_us(wait_us);
    }
}

static void end_child(pid_t pid, int *status) {
    kill(-pid, SIGKILL);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        continue;
}

static char *last_line(const struct buffer *output, size_t from) {
    const char *text = output->data ? output->data + from : "";
    size_t end = output->length - from;
    while (end && (text[end - 1] == '\n' || text[end - 1] == '\r'))
        end--;
    size_t start = end;
    while (start && text[start - 1] != '\n')
        start--;
    return name_printable(text + start, end - start, LAST_LINE_LIMIT_BYTES);
}

static bool judge(const char *program, int status, const char *said, struct error *error) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    const char *colon = *said ? ": " : "";
    if (WIFSIGNALED(status))
        return error_set(error, ERROR_FAILED, "%s was terminated by signal %d%s%s", program,
                         WTERMSIG(status), colon, said);
    return error_set(error, ERROR_FAILED, "%s failed with status %d%s%s", program,
                     WEXITSTATUS(status), colon, said);
}

bool program_run_with(char *const argv[], const struct program_options *options,
                      struct buffer *output, struct error *error) {
    scoped(alloc_release) char *path = program_find(argv[0], error);
    scoped(file_release) int input = path ? open_input(options->input, error) : -1;
    scoped(file_release) int reader = -1;
    int ends[2], status = 0;
    pid_t pid;
    if (input < 0 || !child_pipe(ends, error))
        return false;
    reader = ends[0];
    bool spawned =
        spawn_program(path, argv, (int[]){input, ends[1], ends[1], options->kept}, &pid, error);
    close(ends[1]);
    if (!spawned)
        return false;
    size_t from = output->length;
    uint64_t deadline = clock_monotonic_ms() + options->timeout_ms;
    waiting_begin(argv[0], argv[1] ? argv[1] : "");
    bool ended = collect(reader, pid, deadline, output) && reap(pid, deadline, &status);
    waiting_end();
    if (!ended) {
        end_child(pid, &status);
        return interrupt_check(error) &&
               error_set(error, ERROR_TIMEOUT, "%s did not end within %u ms and was stopped",
                         argv[0], options->timeout_ms);
    }
    scoped(alloc_release) char *said = last_line(output, from);
    return judge(argv[0], status, said, error);
}

bool program_run(char *const argv[], unsigned timeout_ms, struct buffer *output,
                 struct error *error) {
    const struct program_options options = {.timeout_ms = timeout_ms};
    return program_run_with(argv, &options, output, error);
}
