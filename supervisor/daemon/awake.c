#include "awake.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/platform.h"
#include "base/strv.h"
#include "host/program.h"

#include <signal.h>
#include <stdlib.h>

struct hold {            /* one child: alive for as long as the computer is to be kept awake */
    struct awake *owner; /* NULL: let go */
    uv_process_t process;
    uv_pipe_t leash; /* its stdin: the child ends with it, also when we are killed */
    int open_handles;
};

struct awake {
    uv_loop_t *loop;
    struct hold *hold;
    bool impossible;
};

static void on_closed(uv_handle_t *handle) {
    struct hold *hold = handle->data;
    if (--hold->open_handles == 0)
        free(hold);
}

static void drop(struct hold *hold) {
    hold->owner->hold = NULL;
    hold->owner = NULL;
    uv_close((uv_handle_t *)&hold->leash, on_closed);
}

/* Not by the leash alone: it is heard only once the program has got what it asked the system for.
 */
static void let_go(struct hold *hold) {
    if (!hold)
        return;
    uv_kill(-hold->process.pid, SIGKILL); /* a group of its own */
    drop(hold);
}

static void on_exit_status(uv_process_t *process, int64_t status, int signal) {
    struct hold *hold = process->data;
    (void)signal;
    if (hold->owner) { /* nobody told it to */
        hold->owner->impossible = true;
        log_warning("the computer may go to sleep while VMs run: %s ended with status %d",
                    platform_keep_awake()[0], (int)status);
        drop(hold);
    }
    uv_close((uv_handle_t *)process, on_closed);
}

static int spawn(struct hold *hold, char *program, struct strv *argv) {
    uv_stdio_container_t stdio[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&hold->leash},
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
    return uv_spawn(hold->owner->loop, &hold->process, &options);
}

static void begin(struct awake *awake, char *program) {
    struct hold *hold = alloc_zero(sizeof *hold);
    struct strv argv = {0};
    for (const char *const *word = platform_keep_awake(); *word; word++)
        strv_push(&argv, *word);
    strv_push(&argv, "cat"); /* what is run while the computer is kept awake */
    hold->owner = awake;
    hold->open_handles = 2;
    hold->process.data = hold->leash.data = hold;
    awake->hold = hold;
    uv_pipe_init(awake->loop, &hold->leash, 0);
    int status = spawn(hold, program, &argv);
    strv_done(&argv);
    if (status < 0) {
        awake->impossible = true;
        log_warning("the computer may go to sleep while VMs run: cannot run %s: %s", program,
                    uv_strerror(status));
        drop(hold);
        uv_close((uv_handle_t *)&hold->process, on_closed);
    }
}

void awake_set(struct awake *awake, bool wanted) {
    if (!awake || awake->impossible || wanted == (awake->hold != NULL))
        return;
    if (!wanted) {
        let_go(awake->hold);
        return;
    }
    struct error error = {0};
    scoped(alloc_release) char *program = program_find(platform_keep_awake()[0], &error);
    if (program) {
        begin(awake, program);
        return;
    }
    awake->impossible = true;
    log_warning("the computer may go to sleep while VMs run: %s", error.text);
}

struct awake *awake_new(uv_loop_t *loop) {
    struct awake *awake = alloc_zero(sizeof *awake);
    awake->loop = loop;
    return awake;
}

void awake_close(struct awake *awake) {
    if (!awake)
        return;
    let_go(awake->hold);
    free(awake);
}
