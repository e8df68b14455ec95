#include "store/write_back.h"

#include "base/alloc.h"
#include "store/query.h"
#include "store/store.h"
#include "store/transaction.h"

static int on_commit(void *context, sqlite3 *database, const char *schema, int pages) {
    struct store *store = context;
    (void)database;
    (void)schema;
    store->log_pages = pages;
    store->committed++;
    if (pages < store->log_kept) /* another process has begun it anew */
        store->log_kept = 0;
    return SQLITE_OK;
}

void store_write_back_later(struct store *store) {
    sqlite3_wal_hook(store->database, on_commit, store);
}

int store_log_pages(const struct store *store) {
    return store->log_pages - store->log_kept;
}

uint32_t store_own_commits(const struct store *store) {
    return store->committed;
}

/* Who writes next to a log that was written back begins it anew, and syncs its header: here, with
 * what changes nothing. (An UPDATE of a row by what it is writes nothing.) */
static bool begin_log(struct store *store) {
    if (!store_begin(store, NULL))
        return false;
    int version = store_version(store);
    scoped(alloc_release) char *sql = alloc_printf("PRAGMA user_version = %d", version);
    return store_end(store, version >= 0 && query_run(store, sql, NULL), NULL);
}

/* What fails, or is still read by another process, stays as it is until the next commit. */
void store_write_back(struct store *store) {
    int pages = 0, done = 0;
    if (sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages,
                                  &done) == SQLITE_OK &&
        pages == done)
        begin_log(store);
    store->log_kept = store->log_pages;
}
