/* The process that stays root when `pgsup up` runs as root for a user: it forks before anything is
 * opened, its child gives root up for good and is the supervisor. The launcher starts programs for
 * it, signals those that it started and reports their ends; it opens no file that exists, reads no
 * environment and parses nothing but fixed-size requests. Uses only libc and base/platform.h.
 *
 * A program gets the user's identity, whatever it is, or root's when its path and its arguments
 * are in the table of grammar.c. QEMU is there only for networks that macOS gives to root alone,
 * with options that name no file of the user's, and must drop root by itself. */
#pragma once

#include "launcher/identity.h"

#include <stdint.h>

#define LAUNCHER_ARGUMENTS_MAX   512u
#define LAUNCHER_ARGUMENTS_BYTES 65536u
#define LAUNCHER_FDS_MAX         20u
#define LAUNCHER_PROGRAMS_MAX    256u
#define LAUNCHER_FILE_BYTES      2048u

enum launcher_order { LAUNCHER_START_AS_USER, LAUNCHER_START_AS_ROOT, LAUNCHER_SIGNAL };

/* To start one: the first descriptor that comes with it is where reports about it go to; the others
 * become the program's descriptors 1, 2, 3 … */
struct launcher_request {
    uint32_t order;
    int32_t pid, signal; /* LAUNCHER_SIGNAL */
    uint32_t argument_count, file_length;
    char arguments[LAUNCHER_ARGUMENTS_BYTES]; /* each with its NUL */
    char file[LAUNCHER_FILE_BYTES];           /* START_FILE of a program of root's: start.h */
};

/* First how it began, then, of one that runs, how it ended; then the descriptor is closed. */
enum launcher_event { LAUNCHER_STARTED, LAUNCHER_REFUSED, LAUNCHER_FAILED, LAUNCHER_ENDED };
struct launcher_report {
    uint32_t event;
    int32_t pid;   /* LAUNCHER_STARTED */
    int32_t value; /* LAUNCHER_FAILED: errno; LAUNCHER_ENDED: as of waitpid() */
};

/* Closes every descriptor above stderr but keep (-1: none), then forks. Returns in the child,
 * dropped, with the socket for requests; -1 with errno on failure. The parent ends with the child
 * and its status, and hands it the signals that it gets. */
int launcher_fork(const struct identity *user, int keep);
