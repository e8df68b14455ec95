/* The SQLite database of a cloud home (cloud.sqlite3): open and close. Knows no event loop and
 * no lifecycle. One connection per struct; a struct is used by one thread at a time.
 *
 * WAL, foreign keys on, busy timeout STORE_BUSY_TIMEOUT_MS, synchronous NORMAL. Opening a database
 * of an older version copies it to a backup and migrates it in one transaction. Opening one that is
 * newer or damaged fails and changes nothing. Rows are structs that own their strings: caller
 * releases them with the row's _done(). Lookups that find nothing fail with ERROR_NOT_FOUND; lists
 * are complete or empty. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define STORE_BUSY_TIMEOUT_MS 5000

struct store; /* opaque */

/* CREATE: the file must not hold a cloud yet. READ: nothing is written, not even what a newer
 * version adds, so that an older one may lack columns: store_version() tells. */
enum store_mode { STORE_OPEN, STORE_CREATE, STORE_READ };

bool store_open(const char *path, enum store_mode mode, struct store **store, struct error *error);
void store_close(struct store *store); /* NULL is fine */

/* Gives back what the connection keeps for the next query: pages, and statements that were
 * prepared. No query is open. */
void store_rest(struct store *store);

/* How long later calls wait for other writers; 0 for a thread that must not block. */
void store_set_busy_timeout(struct store *store, int busy_ms);

const char *store_library_version(void);      /* of SQLite */
int store_newest_version(void);               /* of the schema: the one that this program writes */
int store_version(const struct store *store); /* of an open one; before 1: not known */
/* Another number after another connection has changed something; -1: not known. */
int64_t store_revision(struct store *store);
/* SQLite's own check of the whole file. ERROR_TIMEOUT after timeout_ms, ERROR_FAILED with what
 * SQLite found. */
bool store_check(struct store *store, unsigned timeout_ms, struct error *error);
