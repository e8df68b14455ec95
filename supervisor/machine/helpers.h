/* The helpers of one VM's network cards (helper_argv.h): each is started before QEMU with one end
 * of a pair of datagram sockets, of which QEMU gets the other, and says in one line of JSON when it
 * is ready. Starting blocks: it is for a worker thread.
 *
 * A helper has a session of its own and ends by itself once QEMU's end is closed, so that it
 * outlives the supervisor and not its VM. That it may be watched by the next supervisor, its
 * process is noted in the run folder. */
#pragma once

#include "base/error.h"
#include "machine/core/spec.h"
#include "machine/launch_link.h"

#include <sys/types.h>

#define HELPERS_TIMEOUT_MS 10000 /* until a helper must report that it is ready */

/* The network that a helper took, of dotted addresses; "" when it bridges. */
struct helper_network {
    char first[16]; /* this host */
    char netmask[16];
};

struct helper {
    unsigned position;             /* of its card */
    pid_t pid;                     /* 0: none, only a tap device or a daemon's socket */
    uint64_t start;                /* base/platform.h */
    int fd;                        /* QEMU's end; -1: handed over */
    struct helper_network network; /* not known of one that was found */
};
struct helpers {
    struct helper items[SPEC_NICS_MAX];
    size_t count;
};

/* Starts one helper for each card that needs it, all or none: as children, or by link as root. For
 * a QEMU that starts as root it also connects to the daemons of sockets. The error quotes the
 * helper. Soon after the computer has started, macOS may not be ready: then each
 * is tried again. */
bool helpers_start(const struct spec *spec, struct launch_link *link, struct helpers *helpers,
                   struct error *error);
/* Closes QEMU's ends, once QEMU has its own copies or was not started. */
void helpers_close_fds(struct helpers *helpers);
/* Also ends the helpers whose descriptor QEMU did not get. */
void helpers_done(struct helpers *helpers);

bool helpers_save(const struct helpers *helpers, const char *path, struct error *error);
/* Skips what cannot be read; the end of those helpers is not reported. */
void helpers_load(const char *path, struct helpers *helpers);
