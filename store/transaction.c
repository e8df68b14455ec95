#include "store/transaction.h"

#include "store/query.h"

bool store_make_lasting(struct store *store, struct error *error) {
    return query_run(store, "PRAGMA synchronous = FULL", error);
}

bool store_begin(struct store *store, struct error *error) {
    return query_run(store, "BEGIN IMMEDIATE", error);
}

bool store_commit(struct store *store, struct error *error) {
    return query_run(store, "COMMIT", error);
}

void store_rollback(struct store *store) {
    if (!sqlite3_get_autocommit(store->database))
        query_run(store, "ROLLBACK", NULL);
}

bool store_end(struct store *store, bool good, struct error *error) {
    if (good && store_commit(store, error))
        return true;
    store_rollback(store);
    return false;
}

/* Without it each query is a transaction of its own. */
void store_begin_reading(struct store *store) {
    if (sqlite3_get_autocommit(store->database))
        store->reads = query_run(store, "BEGIN", NULL);
}

void store_end_reading(struct store *store) {
    query_end_reading(store);
}
