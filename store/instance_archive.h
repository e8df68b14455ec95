/* The rows of one instance in a database file of their own, from which they can come back: those of
 * every table that has the instance's id. Rows of an older version come back with the defaults of
 * newer columns. Outside a transaction only. */
#pragma once

#include "store/store.h"

/* path: an empty file. */
bool instance_archive_save(struct store *store, int64_t instance, const char *path,
                           struct error *error);
/* All or nothing; a port for SSH that has been given away is replaced. ERROR_EXISTS: its name, an
 * address or another port has been given away, or its image is gone. */
bool instance_archive_restore(struct store *store, const char *path, struct error *error);
