/* For the commands that reach into a guest: --wait, until the supervisor calls it ready. */
#pragma once

#include "cli/invocation.h"
#include "cli/output/progress.h"

#define GUEST_READY_OPTIONS                                                                        \
    {.name = "wait", .help = "wait until the guest is ready"},                                     \
        {.name = "timeout",                                                                        \
         .value = "DURATION",                                                                      \
         .help = "with --wait: timeout",                                                           \
         .fallback = "600"},                                                                       \
        PROGRESS_OPTIONS

/* True at once without --wait. ERROR_CANCELLED after Ctrl-C: the guest goes on booting. */
bool guest_ready_wait(struct invocation *invocation, const char *name, struct error *error);
