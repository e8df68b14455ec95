/* The second half of changes that are first recorded in the store and then made true on disk, now
 * or before the next work on the instance: a process that was killed in between leaves nothing else
 * to do. Done again, each harms nothing. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

/* INSTANCEDIR/.renamed-ID, by which a folder that still has its old name is found; caller frees. */
char *recovery_rename_mark(const char *folder, int64_t id);
/* Ends a rename that was interrupted; succeeds when there is none. */
bool recovery_complete_rename(struct home *home, const struct store_instance *instance,
                              struct error *error);

#define RECOVERY_RESET_STAGE ".reset-" /* in INSTANCEDIR, and the instance-id that it is for */
/* Ends a reset that was interrupted: moved into place, or swept away. The lock is held. */
bool recovery_complete_reset(struct home *home, const struct store_instance *instance,
                             struct error *error);
