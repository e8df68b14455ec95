/* Which of QEMU's accelerators runs a guest on this host. */
#pragma once

#include "base/error.h"
#include "machine/core/spec.h"

#define ACCELERATOR_VARIABLE "PGSUP_ACCEL"

/* A word that --accel can take here. */
bool accelerator_check(const char *word, struct error *error);

/* forced: the instance's own choice; NULL: what PGSUP_ACCEL says, else the first that works.
 * Whether one works is found out by making a machine with it (once per process): the device may be
 * there and yet refuse, as in a virtual host. program: qemu-system-…, absolute. */
bool accelerator_choose(const char *forced, enum spec_arch guest, const char *program,
                        enum spec_accel *accel, struct error *error);
