/* Reads a manifest from anybody: its form, and what it says. What is in the home, and what the
 * files of the backup are, is asked by others. */
#pragma once

#include "home/backup/backup_manifest.h"

/* ERROR_INVALID, whose sentence is to follow the file's name. The manifest is the caller's. */
bool backup_reader_decode(const char *text, size_t length, struct backup_manifest *manifest,
                          struct error *error);
/* Of the backup in this folder. ERROR_NOT_FOUND: it is none. */
bool backup_reader_read(const char *folder, struct backup_manifest *manifest, struct error *error);
