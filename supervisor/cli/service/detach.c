#include "detach.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the child tells through the pipe: one of these, which the end of the pipe follows. */
struct outcome {
    struct error error; /* ERROR_NONE: the result counts */
    enum detach_result result;
};

static void tell(struct detach *detach, enum detach_result result, const struct error *error) {
    struct outcome outcome;
    memset(&outcome, 0, sizeof outcome);
    if (detach->pipe < 0)
        return;
    outcome.error = *error;
    outcome.result = result;
    file_write_all(detach->pipe, &outcome, sizeof outcome);
    file_release(&detach->pipe);
    detach->pipe = -1;
}

void detach_tell(struct detach *detach, enum detach_result result) {
    const struct error none = {0};
    tell(detach, result, &none);
}

static void run_child(struct detach *detach) {
    struct error error = {0};
    int nothing = open("/dev/null", O_RDWR);
    setsid();
    if (nothing >= 0)
        dup2(nothing, STDIN_FILENO);
    if (nothing > STDERR_FILENO)
        close(nothing);
    bool good = detach->run(detach->context, &error);
    if (!good)
        tell(detach, DETACH_SERVES, &error);
    _exit(good ? 0 : error_exit_status(error.code));
}

static bool read_outcome(int fd, struct outcome *outcome, struct error *error) {
    uint64_t until_ms = clock_monotonic_ms() + DETACH_TIMEOUT_MS;
    size_t length = 0;
    while (length < sizeof *outcome) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        uint64_t now_ms = clock_monotonic_ms();
        int got = poll(&ready, 1, now_ms < until_ms ? (int)(until_ms - now_ms) : 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            return error_set(error, ERROR_TIMEOUT,
                             "the supervisor does not serve after %d s: `pgsup log` shows why",
                             DETACH_TIMEOUT_MS / 1000);
        ssize_t size = read(fd, (char *)outcome + length, sizeof *outcome - length);
        if (size <= 0)
            return error_set(error, ERROR_FAILED,
                             "the supervisor ended before it served: `pgsup log` shows why");
        length += (size_t)size;
    }
    return outcome->error.code == ERROR_NONE || error_copy(error, &outcome->error);
}

bool detach_start(struct detach *detach, struct error *error) {
    int ends[2];
    struct outcome outcome;
    if (!child_pipe(ends, error))
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        detach->pipe = ends[1];
        run_child(detach);
    }
    close(ends[1]);
    bool good = pid > 0 ? detach->wait_as(error) && read_outcome(ends[0], &outcome, error)
                        : error_errno(error, "cannot start a process");
    if (good)
        detach->result = outcome.result;
    close(ends[0]);
    return good;
}
