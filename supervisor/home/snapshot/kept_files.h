/* What a snapshot keeps of an instance beside its disks, in INSTANCEDIR/snapshots/SNAP/: the
 * documents for cloud-init with the digests that tell which of them were edited, the host keys, and
 * known_hosts. Both operations may be repeated after they were interrupted. Blocking. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "machine/core/qemu_argv.h"
#include "store/instance_table.h"
#include "store/snapshot_table.h"

#define KEPT_FILES_FOLDER QEMU_ARGV_SNAPSHOTS /* in INSTANCEDIR */

char *kept_files_folder(const struct home *home, const char *instance); /* caller frees, as … */
char *kept_files_path(const struct home *home, const char *instance, const char *snapshot);

bool kept_files_save(struct home *home, const struct store_instance *instance, const char *snapshot,
                     struct error *error);
/* ERROR_WRONG_STATE: somebody has removed them. */
bool kept_files_check(const struct home *home, const char *instance, const char *snapshot,
                      struct error *error);
/* Whether its user had changed the document INSTANCEDIR/PATH. One that is not there is none. */
bool kept_files_is_edited(const struct home *home, const struct store_snapshot *snapshot,
                          const char *path, bool *edited, struct error *error);
/* Documents that were not there at that time are removed. In a transaction of the caller. */
bool kept_files_restore(struct home *home, const struct store_instance *instance,
                        const char *snapshot, struct error *error);
