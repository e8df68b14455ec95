/* Which backups in a folder go: what killed ones have left, and the oldest of the automatic ones.
 * One that is being made is locked, and stays. Blocking; knows no backup that is being made. */
#pragma once

#include "home/backup/backup_manifest.h"

/* Removes what killed ones left there of the instance of this name; what cannot be is left. */
void backup_retention_sweep(const char *folder, const char *name);

/* Removes what is dated before the newest `keep` automatic ones of this machine, after a new one
 * was made, DIR/NAME-TIME with its manifest, which is always one of them. What is called otherwise
 * than NAME-TIME, is of another machine, of this machine in a copy of this home, or dated later
 * than the new one neither counts nor is touched. A home that came to another disk is taken for a
 * copy. */
bool backup_retention_expire(const char *made, const struct backup_manifest *manifest,
                             uint64_t keep, struct error *error);
