#include "home/images/fetch_program.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/line.h"
#include "base/name.h"
#include "base/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_INTERVAL_MS 200
#define REAP_INTERVAL_MS 5
#define NOTE_LIMIT       1000

struct fetching {
    const struct fetch_program *program;
    pid_t pid;
    int reader;
    bool ended; /* its last line has come */
    enum fetch_pieces pieces;
    struct error problem; /* what its last line says */
};

/* The folder of the running program, without a slash at its end; caller frees. */
static char *own_folder(void) {
    char *path = platform_program_path();
    char *slash = path ? strrchr(path, '/') : NULL;
    if (slash)
        *slash = 0;
    return path ? path : alloc_string(PGSUP_LIBEXEC);
}

char *fetch_program_find(struct error *error) {
    scoped(alloc_release) char *folder = own_folder();
    char *places[] = {alloc_printf("%s/" FETCH_PROGRAM, folder),
                      alloc_printf("%s/../libexec/" FETCH_PROGRAM, folder),
                      alloc_string(PGSUP_LIBEXEC "/" FETCH_PROGRAM)};
    char *found = NULL;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!found && access(places[i], X_OK) == 0)
            found = places[i];
        else
            free(places[i]);
    }
    if (!found)
        error_set(error, ERROR_FAILED,
                  FETCH_PROGRAM " is missing, which downloads and unpacks for pgsup: it belongs "
                                "beside %s/pgsup or into " PGSUP_LIBEXEC "; install pgsup again",
                  folder);
    return found;
}

/* The whole request is written to the pipe before its reader starts. */
static int open_request(const struct fetch_request *request, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    int ends[2];
    fetch_request_write(request, &text);
    if (text.length > FETCH_REQUEST_LIMIT_BYTES) {
        error_set(error, ERROR_INVALID, "the address %.60s... is too long", request->text);
        return -1;
    }
    if (!child_pipe(ends, error))
        return -1;
    if (write(ends[1], text.data, text.length) != (ssize_t)text.length) {
        error_errno(error, "cannot write to a pipe");
        file_release(&ends[0]);
    }
    close(ends[1]);
    return ends[0];
}

static bool spawn(struct fetching *fetching, const char *path, const int ends[2],
                  struct error *error) {
    const struct fetch_program *program = fetching->program;
    const int fds[] = {
        ends[0], ends[1],
        STDERR_FILENO, [FETCH_TARGET_FD] = program->target, [FETCH_SOURCE_FD] = program->source};
    char *const argv[] = {FETCH_PROGRAM, NULL};
    const struct child_options options = {.path = path,
                                          .argv = argv,
                                          .fds = fds,
                                          .fd_count = program->source ? FETCH_SOURCE_FD + 1
                                                                      : FETCH_TARGET_FD + 1,
                                          .group = CHILD_GROUP};
    return child_spawn(&options, &fetching->pid, error);
}

static bool start(struct fetching *fetching, struct error *error) {
    scoped(alloc_release) char *path = fetch_program_find(error);
    scoped(file_release) int input = path ? open_request(&fetching->program->request, error) : -1;
    int ends[2];
    if (input < 0 || !child_pipe(ends, error))
        return false;
    bool good = spawn(fetching, path, (int[]){input, ends[1]}, error);
    close(ends[1]);
    fetching->reader = ends[0];
    return good;
}

/* --- what it says --- */

static void tell_progress(const struct fetching *fetching, const struct fetch_report *report) {
    const struct image_progress *progress = fetching->program->progress;
    if (progress && progress->report && report->done_bytes > 0)
        progress->report(progress->context, fetching->program->doing, report->done_bytes,
                         report->total_bytes);
}

static void tell_note(const struct fetching *fetching, const char *text) {
    const struct image_progress *progress = fetching->program->progress;
    scoped(alloc_release) char *shown = name_printable(text, strlen(text), NOTE_LIMIT);
    if (progress && progress->note)
        progress->note(progress->context, shown);
}

static void misunderstand(struct fetching *fetching) {
    error_set(&fetching->problem, ERROR_FAILED,
              FETCH_PROGRAM " said what pgsup does not understand");
    fetching->ended = true;
}

static void take_line(struct fetching *fetching, const char *line) {
    struct fetch_report report;
    if (!fetch_report_parse(line, &report)) {
        misunderstand(fetching);
        return;
    }
    switch (report.kind) {
    case FETCH_PROGRESS: tell_progress(fetching, &report); break;
    case FETCH_NOTE: tell_note(fetching, report.text); break;
    case FETCH_DONE: fetching->pieces = report.pieces; break;
    case FETCH_ERROR: error_set(&fetching->problem, report.code, "%s", report.text); break;
    }
    fetching->ended = report.kind == FETCH_DONE || report.kind == FETCH_ERROR;
}

/* False: it says no more. */
static bool read_more(struct fetching *fetching, struct line_splitter *lines) {
    char piece[4096];
    size_t length;
    ssize_t got = read(fetching->reader, piece, sizeof piece);
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0)
        return false;
    line_feed(lines, piece, (size_t)got);
    for (char *line; !fetching->ended && (line = line_next(lines, &length));)
        take_line(fetching, line);
    if (lines->broken)
        misunderstand(fetching);
    return true;
}

/* Until its last line, or the end of its output. */
static bool listen(struct fetching *fetching, struct error *error) {
    struct line_splitter lines;
    uint64_t heard_ms = clock_monotonic_ms();
    bool good = true, more = true;
    line_init(&lines, FETCH_REPORT_LIMIT_BYTES);
    while (good && more && !fetching->ended) {
        struct pollfd ready = {.fd = fetching->reader, .events = POLLIN};
        int count = poll(&ready, 1, POLL_INTERVAL_MS);
        uint64_t now = clock_monotonic_ms();
        if (count > 0) {
            more = read_more(fetching, &lines);
            heard_ms = now;
        }
        good = interrupt_check(error) &&
               (now - heard_ms < FETCH_SILENCE_LIMIT_MS ||
                error_set(error, ERROR_TIMEOUT, FETCH_PROGRAM " said nothing for %u s",
                          FETCH_SILENCE_LIMIT_MS / 1000));
    }
    line_done(&lines);
    return good;
}

/* --- its end --- */

static bool await_end(pid_t pid, int *status) {
    uint64_t deadline = clock_monotonic_ms() + FETCH_END_LIMIT_MS;
    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return true;
        if (clock_monotonic_ms() >= deadline)
            return false;
        poll(NULL, 0, REAP_INTERVAL_MS);
    }
}

/* Nothing writes into the file any more when this returns. */
static int end(const struct fetching *fetching, bool stop) {
    int status = 0;
    if (stop)
        kill(-fetching->pid, SIGTERM);
    if (await_end(fetching->pid, &status))
        return status;
    kill(-fetching->pid, SIGKILL);
    while (waitpid(fetching->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static bool judge(const struct fetching *fetching, int status, struct error *error) {
    if (fetching->ended && fetching->problem.code != ERROR_NONE)
        return error_copy(error, &fetching->problem);
    if (fetching->ended)
        return true;
    if (WIFSIGNALED(status))
        return error_set(error, ERROR_FAILED, FETCH_PROGRAM " was terminated by signal %d",
                         WTERMSIG(status));
    return error_set(error, ERROR_FAILED, FETCH_PROGRAM " failed with status %d",
                     WEXITSTATUS(status));
}

bool fetch_program_run(const struct fetch_program *program, enum fetch_pieces *pieces,
                       struct error *error) {
    struct fetching fetching = {.program = program};
    if (!start(&fetching, error))
        return false;
    bool good = listen(&fetching, error);
    close(fetching.reader);
    int status = end(&fetching, !good);
    *pieces = fetching.pieces;
    return good && judge(&fetching, status, error);
}
