/* What a backup from anybody may say: names, numbers and paths of the manifest, and what its files
 * are. backup_check() is pure; whether the home has what the backup needs is asked when it is
 * restored. Sentences follow the name of the manifest. */
#pragma once

#include "home/backup/backup_manifest.h"

bool backup_check(const struct backup_manifest *manifest, struct error *error);

/* Whether the file is a regular one of its own, in no folder that is a link. bytes: its size; NULL:
 * not wanted. Here the sentence names the file. */
bool backup_check_regular(const char *folder, const char *path, uint64_t *bytes,
                          struct error *error);
/* All files are there, of the sizes and with the digests of the manifest; each disk is a qcow2 of
 * the size in the manifest that depends on nothing else; nothing of a backup is there that the
 * manifest does not list. */
bool backup_check_files(const char *folder, const struct backup_manifest *manifest,
                        struct error *error);
/* Of values in the manifest. */
bool backup_check_is_uuid(const char *text);
bool backup_check_is_type(const char *machine);
/* Of a file in the manifest. */
bool backup_check_is_disk(const char *path);
bool backup_check_is_host_key(const char *path);
