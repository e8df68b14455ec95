/* Which of QEMU's accelerators runs a guest on this host. */
#pragma once

#include "base/error.h"
#include "machine/spec.h"

#define ACCELERATOR_VARIABLE "PGSUP_ACCEL"

/* A word that --accel can take here. */
bool accelerator_check(const char *word, struct error *error);

/* forced: the instance's own choice; NULL: what PGSUP_ACCEL says, else the first that works. */
bool accelerator_choose(const char *forced, enum spec_arch guest, enum spec_accel *accel,
                        struct error *error);
