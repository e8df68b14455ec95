/* Stops a VM without a supervisor: drives machine/core/lifecycle.h, the table that the supervisor
 * drives too, and performs its effects over QMP until the process has ended. To it such a VM is
 * "lost": it connects, asks for the VM's status and presses the power button, again while the guest
 * runs; at the deadlines of the table QEMU is told to quit and is killed. Blocks. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/running.h"

#include <stdint.h>

struct offline_stop_options {
    uint64_t limit_ms; /* until quit; 0: for ever */
    bool force;        /* quit at once */
    bool may_escalate; /* false: at the limit the VM keeps running, which is ERROR_TIMEOUT */
};

/* The outcome, as the supervisor words it: "guest-shutdown after 1 press, 2.1 s". The caller owns
 * it; NULL: error set. */
char *offline_stop(const struct home *home, const struct running *running,
                   const struct offline_stop_options *options, struct error *error);
