/* Starts a child process: with the descriptors that it is given and no others, signals as a fresh
 * program expects them, and the soft limit of open files that this process itself began with
 * (descriptors.h). Returns once the program runs, or with the reason why it cannot. The caller
 * waits for its end. From any thread. */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

#define CHILD_FDS_MAX 32
#define CHILD_NULL    (-1) /* in fds: /dev/null */

enum child_group {
    CHILD_GROUP,   /* a process group of its own: killing that kills what it started, too */
    CHILD_SESSION, /* a session: no terminal, and no Ctrl-C of one */
};

struct child_options {
    const char *path; /* of the program; NULL: argv[0] */
    char *const *argv;
    char *const *environment; /* NULL: that of this process */
    const char *folder;       /* that it works in; NULL: that of this process */
    const int *fds;           /* what it has as 0, 1, 2 … */
    size_t fd_count;          /* at least 3, at most CHILD_FDS_MAX */
    enum child_group group;
};

/* Once, before this process has many descriptors open and other threads: keeps some low ones for
 * its children, so that a start takes no longer with thousands open than with few (Linux 5.9). None
 * where no more than a thousand may be open, or the platform has no use for them. A file that is
 * given to a child is then not one on which this process holds a lock by fcntl(2). */
void child_keep_near_fds(void);

bool child_spawn(const struct child_options *options, pid_t *pid, struct error *error);

/* A pipe: ends[0] for reading, ends[1] for writing, both close-on-exec. Caller owns them. */
bool child_pipe(int ends[2], struct error *error);
