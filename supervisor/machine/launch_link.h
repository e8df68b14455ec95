/* The supervisor's end of the launcher (launcher/launcher.h). Programs are started through it by
 * the loop and by worker threads; each has a descriptor of its own on which its end is reported.
 * NULL stands for "no launcher": pgsup does not run as root for a user. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "machine/process_end.h"

#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#define LAUNCH_LINK_TIMEOUT_MS 5000 /* until the launcher must have started a program */

struct launch_link; /* opaque */

/* fd: of launcher_fork(), taken over. on_lost: the launcher has ended; once. */
struct launch_link *launch_link_new(uv_loop_t *loop, int fd, bool any_arguments,
                                    void (*on_lost)(void));
void launch_link_close(struct launch_link *link); /* NULL is fine; no thread uses it any more */

/* Whether QEMU may get arguments of the user's: root said so, or there is no launcher. */
bool launch_link_any_arguments(const struct launch_link *link);

struct launch_link_program {
    char *const *argv; /* argv[0] absolute */
    const int *fds;    /* will be 1, 2, 3 … in it */
    size_t fd_count;
    bool as_root;
    const struct buffer *file; /* what root's program finds in START_FILE; NULL: no file */
};
/* Waits until it runs. reports becomes readable when it ends; caller owns. */
bool launch_link_start(struct launch_link *link, const struct launch_link_program *program,
                       pid_t *pid, int *reports, struct error *error);
void launch_link_signal(struct launch_link *link, pid_t pid, int signal);
/* False: the launcher has ended before the program. */
bool launch_link_read_end(int reports, struct process_end *end);
