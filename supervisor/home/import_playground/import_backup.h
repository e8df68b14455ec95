/* The backup of an mrmat-playground home that is being imported: PATH/before-pgsup with its
 * database and, of each instance, the files that pgsup writes anew. All of them may hold the admin
 * password in clear text, so folders are 0700 and files 0600. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

#define IMPORT_BACKUP_FOLDER "before-pgsup"

bool import_backup_exists(const struct home *home);
/* A backup that is there, of an import that did not happen, is replaced. On failure there is none.
 */
bool import_backup_make(const struct home *home, const struct store_instances *instances,
                        struct error *error);
/* Removes from the home what is in the backup, byte for byte; can be repeated. */
bool import_backup_sweep(const struct home *home, struct error *error);
void import_backup_remove(const struct home *home);
