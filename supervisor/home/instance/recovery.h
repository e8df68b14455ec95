/* Completes changes that are recorded in the store first and then applied on disk, at once or
 * before the next work on the instance, when a process was killed in between. Each may be
 * repeated. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

/* INSTANCEDIR/.renamed-ID, by which a folder that still has its old name is found; caller frees. */
char *recovery_rename_mark(const char *folder, int64_t id);
/* Ends an interrupted rename; succeeds when there is none. */
bool recovery_complete_rename(struct home *home, const struct store_instance *instance,
                              struct error *error);

/* In INSTANCEDIR, and a word that the store has under RECOVERY_RESTORE_KEY when it counts
 * (store/generated_table.h): what is to replace disks, documents and host keys. */
#define RECOVERY_RESTORE_STAGE ".restore-"
#define RECOVERY_RESTORE_KEY   ".restore"
/* Ends an interrupted restore: its files are moved into place or removed. Caller holds the lock. */
bool recovery_complete_restore(struct home *home, const struct store_instance *instance,
                               struct error *error);

#define RECOVERY_RESET_STAGE ".reset-" /* in INSTANCEDIR, and the instance-id that it is for */
/* Ends an interrupted reset: its files are moved into place or removed. Caller holds the lock. */
bool recovery_complete_reset(struct home *home, const struct store_instance *instance,
                             struct error *error);
