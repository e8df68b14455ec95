/* When the log of the store (SQLite's WAL) is written back into the database. */
#pragma once

#include <stdint.h>

struct store;

/* From now on no commit writes a long log back into the database, which the next commit would wait
 * for too: the caller does, when nobody waits. https://sqlite.org/wal.html#ckpt */
void store_write_back_later(struct store *store);
int store_log_pages(const struct store *store); /* that commits added since it was written back */
/* By this connection since then, of what changed anything; as store_commits() counts those of all.
 */
uint32_t store_own_commits(const struct store *store);
void store_write_back(struct store *store);
