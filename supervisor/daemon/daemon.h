/* `pgsup up`: the supervisor of one cloud home, in the foreground. Owns the loop and wires the
 * parts: fleet, recorder, seed server, control server, provisioning. The parts that act on VMs use
 * the fleet; the servers and the recorder know no other part. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

struct daemon_options {
    const char *home_path;
    bool keep_awake;                 /* the computer, while a VM runs */
    bool keep_on_term;               /* SIGTERM leaves the VMs running */
    void (*on_ready)(void *context); /* it serves; NULL: nobody asks */
    void *context;
    int launcher;       /* its socket, taken over; -1: there is none */
    bool any_arguments; /* QEMU gets qemu.args although the launcher starts it */
};

/* Returns when it was asked to end (`pgsup down`, Ctrl-C). False: it could not start. */
bool daemon_run(const struct daemon_options *options, struct error *error);
