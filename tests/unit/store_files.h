/* The file of a store: one that is filled, its bytes, and SQLite without pgsup. */
#pragma once

#include "store/event_table.h"
#include "store/query.h"
#include "store_samples.h"

#define FILE_LIMIT_BYTES (64u << 20)

static inline void contents(const char *path, struct buffer *bytes) {
    buffer_clear(bytes);
    OK(file_read(path, FILE_LIMIT_BYTES, bytes, &error));
}

static inline void execute(const char *path, const char *sql) {
    sqlite3 *database = NULL;
    CHECK_INT(sqlite3_open(path, &database), SQLITE_OK);
    CHECK_INT(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

/* Closed, so that all of it is in the one file; caller frees. */
static inline char *filled_store(const char *name) {
    struct store *store = new_store(name);
    add_image(store);
    for (int i = 0; i < 200; i++)
        OK(event_table_add(store,
                           &(struct store_event){.at_ms = i,
                                                 .kind = STORE_EVENT_STATE,
                                                 .text = "a text of some length to fill pages"},
                           &error));
    OK(cloud_table_put(store, &full_cloud, &error));
    store_close(store);
    return scratch_path(name);
}

enum { PAGE_BYTES = 4096 };

static inline size_t root_page(const char *path, const char *table) {
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    CHECK_INT(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(database, "SELECT rootpage FROM sqlite_master WHERE name = ?1", -1,
                                 &statement, NULL),
              SQLITE_OK);
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    CHECK_INT(sqlite3_step(statement), SQLITE_ROW);
    size_t page = (size_t)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return page;
}
