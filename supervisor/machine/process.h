/* A process that outlives a moment: the QEMU of a VM, in its own session, as a child or started by
 * the launcher, or watched from outside when it was adopted; any other child. Reports its end to
 * its owner once. Knows no QMP. */
#pragma once

#include "base/child.h"
#include "base/error.h"
#include "machine/helpers.h"
#include "machine/launch_link.h"
#include "machine/process_end.h"

#include <stdint.h>
#include <uv.h>

struct process; /* opaque */

typedef void process_on_end(void *owner, const struct process_end *end);
struct process_listener {
    void *owner;
    process_on_end *on_end;
};

enum { PROCESS_MORE_FDS = 3 };
struct process_options {
    char *const *argv; /* argv[0] absolute */
    const char *log;   /* stdout and stderr are appended here, mode 0600 */
    int qmp_fd;        /* listening sockets, seen by the child as PROCESS_QMP_FD … */
    int console_fd;
    const struct helpers *helpers;  /* theirs are seen as PROCESS_HELPER_FD … */
    struct launch_link *link;       /* NULL: spawned as a child */
    bool as_root;                   /* through the link only; then the child gets, after theirs: */
    int more[PROCESS_MORE_FDS];     /* the second monitor, the agent, the locked pid file */
    const struct buffer *root_file; /* with as_root: launch_link.h */
};
enum { PROCESS_QMP_FD = 3, PROCESS_CONSOLE_FD = 4, PROCESS_HELPER_FD = 5 };

/* NULL with a sentence when it cannot be spawned. */
struct process *process_spawn(uv_loop_t *loop, const struct process_options *options,
                              const struct process_listener *listener, struct error *error);
/* Any other child. */
struct process *process_run(uv_loop_t *loop, const struct child_options *options,
                            const struct process_listener *listener, struct error *error);
/* A process that this one did not create, identified by pid and start (base/platform.h). The
 * system reports its end at once; where it cannot, the process is polled. */
struct process *process_watch(uv_loop_t *loop, pid_t pid, uint64_t start, void *owner,
                              process_on_end *on_end);

/* Reports the end of a watched process with a delay of 2 to 4 s, when its cause is known. */
void process_poll_slowly(struct process *process);

pid_t process_pid(const struct process *process);
uint64_t process_start(const struct process *process);
void process_kill(struct process *process, int signal); /* if it is still the same process */
void process_close(struct process *process); /* NULL is fine; the process keeps running */
