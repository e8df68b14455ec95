/* An instance made of a backup: the same machine, or another one. All of the backup is read and
 * checked before anything is changed; all or nothing. Blocking. */
#pragma once

#include "base/strv.h"
#include "home/backup/backup_manifest.h"
#include "home/home.h"
#include "store/instance_table.h"

/* Reads the backup whole: the files, each with its digest. Caller owns the manifest. */
bool backup_restore_open(const char *folder, struct backup_manifest *manifest, struct error *error);

struct backup_restore {
    struct home *home;
    const char *folder;
    const struct backup_manifest *manifest;
    struct strv notes; /* what its user is to be told; caller frees */
};
/* name: of another machine, with an identity of its own as a clone has; NULL: the same machine
 * under its own name, which this home must not have. */
bool backup_restore_new(struct backup_restore *restore, const char *name,
                        struct store_instance *made, struct error *error);

/* Disks, their sizes, documents, host keys and instance-id of the machine that is still there
 * become those of the backup; name, uuid, addresses, ports and hardware stay. The caller holds the
 * lock on its folder and has made sure that no VM of it runs.
 *
 * Crash-safe: what is new is staged in INSTANCEDIR, and counts once the store says so
 * (home/instance/recovery.h). */
bool backup_restore_replace(struct backup_restore *restore, const struct store_instance *instance,
                            struct error *error);
