/* A backup beside the instance that it was made of. */
#pragma once

#include "home/backup/backup_manifest.h"
#include "home/home.h"
#include "store/instance_table.h"

/* The instance of this home that is the machine of the backup, whatever it is called. */
bool backup_compare_find(struct home *home, const struct backup_manifest *manifest,
                         struct store_instance *instance, struct error *error);
/* Whether its disks are those of the backup, to the byte: ERROR_INVALID where one is not. Nothing
 * may write to them meanwhile. */
bool backup_compare(struct home *home, const struct store_instance *instance, const char *folder,
                    const struct backup_manifest *manifest, struct error *error);
