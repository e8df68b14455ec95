#include "sleep_inhibitor.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/platform.h"
#include "base/strv.h"
#include "host/program.h"

#include <signal.h>
#include <stdlib.h>

struct inhibitor_child {           /* runs for as long as the computer must not sleep */
    struct sleep_inhibitor *owner; /* NULL: ended */
    uv_process_t process;
    uv_pipe_t stdin_pipe; /* the child exits when it closes, also when the supervisor is killed */
    int open_handles;
};

struct sleep_inhibitor {
    uv_loop_t *loop;
    struct inhibitor_child *child;
    bool impossible;
};

static void on_child_closed(uv_handle_t *handle) {
    struct inhibitor_child *child = handle->data;
    if (--child->open_handles == 0)
        free(child);
}

static void child_detach(struct inhibitor_child *child) {
    child->owner->child = NULL;
    child->owner = NULL;
    uv_close((uv_handle_t *)&child->stdin_pipe, on_child_closed);
}

/* Closing its stdin is not enough: the program reads it only once the system has granted the
 * inhibition. */
static void child_kill(struct inhibitor_child *child) {
    if (!child)
        return;
    uv_kill(-child->process.pid, SIGKILL); /* a group of its own */
    child_detach(child);
}

static void on_exit_status(uv_process_t *process, int64_t status, int signal) {
    struct inhibitor_child *child = process->data;
    (void)signal;
    if (child->owner) { /* unexpected */
        child->owner->impossible = true;
        log_warning("the computer may go to sleep while VMs run: %s ended with status %d",
                    platform_keep_awake()[0], (int)status);
        child_detach(child);
    }
    uv_close((uv_handle_t *)process, on_child_closed);
}

static int child_spawn(struct inhibitor_child *child, char *program, struct strv *argv) {
    uv_stdio_container_t stdio[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
         .data.stream = (uv_stream_t *)&child->stdin_pipe},
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t options = {
        .exit_cb = on_exit_status,
        .file = program,
        .args = argv->items,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = sizeof stdio / sizeof *stdio,
        .stdio = stdio,
    };
    return uv_spawn(child->owner->loop, &child->process, &options);
}

static void child_start(struct sleep_inhibitor *inhibitor, char *program) {
    struct inhibitor_child *child = alloc_zero(sizeof *child);
    struct strv argv = {0};
    for (const char *const *word = platform_keep_awake(); *word; word++)
        strv_push(&argv, *word);
    strv_push(&argv, "cat"); /* the command that runs meanwhile */
    child->owner = inhibitor;
    child->open_handles = 2;
    child->process.data = child->stdin_pipe.data = child;
    inhibitor->child = child;
    uv_pipe_init(inhibitor->loop, &child->stdin_pipe, 0);
    int status = child_spawn(child, program, &argv);
    strv_done(&argv);
    if (status < 0) {
        inhibitor->impossible = true;
        log_warning("the computer may go to sleep while VMs run: cannot run %s: %s", program,
                    uv_strerror(status));
        child_detach(child);
        uv_close((uv_handle_t *)&child->process, on_child_closed);
    }
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
    if (program) {
        child_start(inhibitor, program);
        return;
    }
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
