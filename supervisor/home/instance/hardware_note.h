/* What the guest of a launch sees, for the supervisor that takes the VM over:
 * INSTANCEDIR/.hardware, the line "TAG SUSPEND_TAG" (machine/core/suspend_tag.h), with the tag of
 * the launch.
 *
 * One file for all launches of an instance, written in place: ext4 passes over the file numbers
 * that were given up in the last minutes one by one, so that a file which comes and goes with each
 * VM costs the more the more VMs come and go. Of no use once the computer has stopped: not synced.
 */
#pragma once

#include "base/error.h"
#include "home/home.h"

bool hardware_note_write(const struct home *home, const char *instance, const char *tag,
                         const char *hardware, struct error *error);

/* Caller frees. NULL: there is none of this launch. */
char *hardware_note_read(const struct home *home, const char *instance, const char *tag);
