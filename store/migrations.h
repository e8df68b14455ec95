/* The schema and its history: step N brings a database from version N-1 to N (PRAGMA user_version).
 * Append-only: a released step is never edited, and tests keep a dump of every old version.
 * Internal to store/. */
#pragma once

#include "store/query.h"

#define MIGRATIONS_APPLICATION_ID 0x70677375 /* "pgsu": tells our files from other databases */

int migrations_version(void); /* the newest, which this program uses */

/* Refuses newer versions and databases of other programs; changes nothing. */
bool migrations_check(struct store *store, int64_t *version, struct error *error);

/* Migrates the database from the version that the check has found to the newest one, in one
 * transaction. A database that holds data is first checked and copied to PATH.backup-vN, where N is
 * its old version. */
bool migrations_run(struct store *store, int64_t version, struct error *error);
