#include "sleep_inhibitor.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/platform.h"
#include "base/strv.h"
#include "host/program.h"
#include "machine/process.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct inhibitor_child {           /* runs for as long as the computer must not sleep */
    struct sleep_inhibitor *owner; /* NULL: ended */
    struct process *process;
    int stdin_pipe; /* the child exits when it closes, also when the supervisor is killed */
};

struct sleep_inhibitor {
    uv_loop_t *loop;
    struct inhibitor_child *child;
    bool impossible;
};

static void child_detach(struct inhibitor_child *child) {
    child->owner->child = NULL;
    child->owner = NULL;
    file_release(&child->stdin_pipe);
}

/* Closing its stdin is not enough: the program reads it only once the system has granted the
 * inhibition. */
static void child_kill(struct inhibitor_child *child) {
    if (!child)
        return;
    uv_kill(-process_pid(child->process), SIGKILL); /* a session of its own */
    child_detach(child);
}

static void on_program_end(void *owner, const struct process_end *end) {
    struct inhibitor_child *child = owner;
    if (child->owner) { /* unexpected */
        child->owner->impossible = true;
        log_warning("the computer may go to sleep while VMs run: %s ended with status %d",
                    platform_keep_awake()[0], end->exit_status);
        child_detach(child);
    }
    process_close(child->process);
    free(child);
}

static struct process *run_program(struct inhibitor_child *child, const char *program, int input,
                                   struct error *error) {
    scoped(strv_done) struct strv argv = {0};
    const int fds[] = {input, CHILD_NULL, STDERR_FILENO};
    const struct process_listener listener = {child, on_program_end};
    for (const char *const *word = platform_keep_awake(); *word; word++)
        strv_push(&argv, *word);
    strv_push(&argv, "cat"); /* the command that runs meanwhile */
    const struct child_options options = {.path = program,
                                          .argv = argv.items,
                                          .fds = fds,
                                          .fd_count = sizeof fds / sizeof *fds,
                                          .group = CHILD_SESSION};
    return process_run(child->owner->loop, &options, &listener, error);
}

static bool child_start(struct sleep_inhibitor *inhibitor, const char *program,
                        struct error *error) {
    int ends[2];
    if (!child_pipe(ends, error))
        return false;
    struct inhibitor_child *child = alloc_zero(sizeof *child);
    child->owner = inhibitor;
    child->stdin_pipe = ends[1];
    child->process = run_program(child, program, ends[0], error);
    file_release(&ends[0]);
    if (child->process) {
        inhibitor->child = child;
        return true;
    }
    file_release(&child->stdin_pipe);
    free(child);
    return false;
}

void sleep_inhibitor_set(struct sleep_inhibitor *inhibitor, bool wanted) {
    if (!inhibitor || inhibitor->impossible || wanted == (inhibitor->child != NULL))
        return;
    if (!wanted) {
        child_kill(inhibitor->child);
        return;
    }
    struct error error = {0};
    scoped(alloc_release) char *program = program_find(platform_keep_awake()[0], &error);
    if (program && child_start(inhibitor, program, &error))
        return;
    inhibitor->impossible = true;
    log_warning("the computer may go to sleep while VMs run: %s", error.text);
}

struct sleep_inhibitor *sleep_inhibitor_new(uv_loop_t *loop) {
    struct sleep_inhibitor *inhibitor = alloc_zero(sizeof *inhibitor);
    inhibitor->loop = loop;
    return inhibitor;
}

void sleep_inhibitor_close(struct sleep_inhibitor *inhibitor) {
    if (!inhibitor)
        return;
    child_kill(inhibitor->child);
    free(inhibitor);
}
