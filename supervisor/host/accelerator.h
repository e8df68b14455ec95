/* Which of QEMU's accelerators runs a guest on this host. */
#pragma once

#include "base/error.h"
#include "machine/core/spec.h"

#define ACCELERATOR_VARIABLE "PGSUP_ACCEL"

/* Fails unless --accel takes this word on this system. */
bool accelerator_check(const char *word, struct error *error);

/* forced: the setting of the instance; NULL: the value of PGSUP_ACCEL, else the first accelerator
 * that works. A test machine shows whether one works, once per process: in a virtual host the
 * device may exist and refuse to be used. program: the absolute path of qemu-system-…. */
bool accelerator_choose(const char *forced, enum spec_arch guest, const char *program,
                        enum spec_accel *accel, struct error *error);
