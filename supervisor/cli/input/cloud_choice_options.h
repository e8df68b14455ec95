/* Settings of a cloud that `cloud create` and `cloud set` take alike. */
#pragma once

#include "cli/invocation.h"
#include "home/cloud/cloud_inputs.h"

/* clang-format off */
#define CLOUD_CHOICE_OPTIONS                                                                       \
    {"package-upgrade",                                                                            \
     .help = "new guests upgrade their packages at the first boot, which takes long"},             \
    {"no-package-upgrade", .help = "they do not, as in a new home"},                               \
    {"auto-up",                                                                                    \
     .help = "`pgsup start` and `pgsup restart` begin a supervisor in the background if none "     \
             "runs"},                                                                              \
    {"no-auto-up", .help = "they do not, as in a new home"},                                       \
    {"trash-days", 0, "DAYS",                                                                      \
     .help = "for how long removed instances can be restored; 7 in a new home; 0: not at all"}
/* clang-format on */

bool cloud_choice_options_read(const struct invocation *invocation, struct cloud_choices *choices,
                               struct error *error);
