/* The schema and its history: step N brings a database from version N-1 to N (PRAGMA user_version).
 * Append-only: a step that was ever released is never edited, and tests keep a dump of every old
 * version. Internal to store/. */
#pragma once

#include "store/query.h"

#define MIGRATIONS_APPLICATION_ID 0x70677375 /* "pgsu": tells our files from other databases */

int migrations_version(void); /* the newest, the one that this program works with */

/* Refuses newer versions and databases of other programs; changes nothing. */
bool migrations_check(struct store *store, struct error *error);

/* Brings the database to the newest version, in one transaction. When it holds data already, it is
 * checked and then copied to PATH.backup-vN first, N being the version it had. */
bool migrations_run(struct store *store, struct error *error);
