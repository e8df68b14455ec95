/* Completes changes that are recorded in the store first and then applied on disk, at once or
 * before the next work on the instance, when a process was killed in between. Each may be
 * repeated. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

/* INSTANCEDIR/.renamed-ID, by which a folder that still has its old name is found; caller frees. */
char *recovery_rename_mark(const char *folder, int64_t id);
/* The folder that has that mark, under whichever name; NULL: there is none; caller frees. */
char *recovery_find_renamed(const struct home *home, int64_t id);
/* Moves a folder that still has its old name; succeeds when there is none. Without a lock, since
 * the folder is locked by its name: beside a rename that goes on it moves what that would, or
 * nothing. Fails if the instance has another name than in this row by now, or is gone. */
bool recovery_complete_rename(struct home *home, const struct store_instance *instance,
                              struct error *error);
/* Removes the mark. Caller holds the lock: a rename that goes on needs it. */
void recovery_end_rename(struct home *home, const struct store_instance *instance);
/* Whether that name is still this instance's: asked under the lock of a row of before. */
bool recovery_check_name(struct home *home, const struct store_instance *instance,
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
