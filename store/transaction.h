/* A transaction of a store: all changes between the begin and the commit are made, or none. Caller
 * rolls back after any failure, that of the commit included. Transactions do not nest. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

struct store;

/* From now on what is committed outlasts a power cut, at the price of an fsync() each time. */
bool store_make_lasting(struct store *store, struct error *error);
/* BEGIN IMMEDIATE: waits for another writer as long as the store's busy timeout. */
bool store_begin(struct store *store, struct error *error);
bool store_commit(struct store *store, struct error *error);
/* Commits what went well, and rolls back what did not, a commit that fails included. Whether all is
 * committed. */
bool store_end(struct store *store, bool good, struct error *error);
void store_rollback(struct store *store); /* harmless when none is open */

/* Until the end all is read as it was at the first reading: much is read in a fraction of the time.
 * A write ends it too, and store_begin() and store_make_lasting(). Harmless to begin when a
 * transaction is open, and to end when it was not begun. */
void store_begin_reading(struct store *store);
void store_end_reading(struct store *store);
