#include "errand.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/strv.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAID_BYTES    2048 /* of what a command says last */
#define SENTENCE_MAX  400
#define SENTENCE_LEAD "pgsup: "
#define GRACE_MS      60000 /* from SIGTERM to SIGKILL */

struct errand {
    void *owner;
    errand_on_end *on_end;
    struct process *process;
    uv_timer_t limit;
    int output; /* a file without a name */
};

static void on_errand_closed(uv_handle_t *handle) {
    free(handle->data);
}

void errand_leave(struct errand *errand) {
    if (!errand)
        return;
    process_close(errand->process);
    file_release(&errand->output);
    uv_close((uv_handle_t *)&errand->limit, on_errand_closed);
}

/* Caller frees. */
static char *last_said(const struct errand *errand, const struct process_end *end) {
    char said[SAID_BYTES + 1] = "";
    off_t length = lseek(errand->output, 0, SEEK_END);
    off_t from = length > SAID_BYTES ? length - SAID_BYTES : 0;
    ssize_t got = pread(errand->output, said, SAID_BYTES, from);
    said[got > 0 ? got : 0] = 0;
    size_t left = strlen(said);
    while (left && said[left - 1] == '\n')
        said[--left] = 0;
    const char *line = strrchr(said, '\n');
    line = line ? line + 1 : said;
    if (strncmp(line, SENTENCE_LEAD, strlen(SENTENCE_LEAD)) == 0)
        line += strlen(SENTENCE_LEAD);
    if (*line || (end->exit_status == 0 && !end->signal))
        return name_printable(line, strlen(line), SENTENCE_MAX);
    return end->signal ? alloc_printf("it was ended by signal %d", end->signal)
                       : alloc_printf("it ended with status %d", end->exit_status);
}

static void on_errand_end(void *owner, const struct process_end *end) {
    struct errand *errand = owner;
    bool good = end->status_known && end->exit_status == 0 && !end->signal;
    scoped(alloc_release) char *said = last_said(errand, end);
    errand->on_end(errand->owner, good, said);
    errand_leave(errand);
}

static void on_grace_over(uv_timer_t *timer) {
    const struct errand *errand = timer->data;
    process_kill(errand->process, SIGKILL);
}

static void on_limit(uv_timer_t *timer) {
    const struct errand *errand = timer->data;
    process_kill(errand->process, SIGTERM);
    uv_timer_start(timer, on_grace_over, GRACE_MS, 0);
}

/* For what the command says: a file, for a pipe would end with the supervisor. */
static int open_output(const char *run, struct error *error) {
    scoped(alloc_release) char *path = alloc_printf("%s/.said-XXXXXX", run);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        error_errno(error, "cannot create a file in %s", run);
    else
        unlink(path);
    return fd;
}

static struct process *run_command(uv_loop_t *loop, const struct errand_request *request,
                                   struct errand *errand, struct error *error) {
    scoped(alloc_release) char *program = platform_program_path();
    scoped(strv_done) struct strv argv = {0};
    const int fds[] = {CHILD_NULL, errand->output, errand->output};
    const struct process_listener listener = {errand, on_errand_end};
    const char *const first[] = {program, "-p", request->home, "-q"};
    if (!program) {
        error_set(error, ERROR_FAILED, "the path of this program cannot be found out");
        return NULL;
    }
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        strv_push(&argv, first[i]);
    for (const char *const *word = request->words; *word; word++)
        strv_push(&argv, *word);
    const struct child_options options = {.argv = argv.items,
                                          .fds = fds,
                                          .fd_count = sizeof fds / sizeof *fds,
                                          .group = CHILD_SESSION};
    return process_run(loop, &options, &listener, error);
}

struct errand *errand_begin(uv_loop_t *loop, const struct errand_request *request,
                            struct error *error) {
    struct errand *errand = alloc_zero(sizeof *errand);
    errand->owner = request->owner;
    errand->on_end = request->on_end;
    errand->output = open_output(request->run, error);
    if (errand->output >= 0)
        errand->process = run_command(loop, request, errand, error);
    if (!errand->process) {
        file_release(&errand->output);
        free(errand);
        return NULL;
    }
    uv_timer_init(loop, &errand->limit);
    errand->limit.data = errand;
    uv_timer_start(&errand->limit, on_limit, request->limit_ms, 0);
    return errand;
}
