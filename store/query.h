/* One run of one prepared statement: parameters are given in their order, then rows are stepped
 * through, columns taken in their order. Internal to store/.
 *
 *     struct query query;
 *     if (!query_open(store, GUEST_GET, &query, error))
 *         return false;
 *     query_give_number(&query, instance);
 *     if (query_row(&query, error)) … query_take_text(&query) …
 *     return query_close(&query);
 *
 * Statements are prepared once per connection and kept. query_row() gives false at the end and on
 * failure; query_close() tells which of the two it was. */
#pragma once

#include "base/error.h"
#include "store/statements.h"
#include "store/store.h"

#include <sqlite3.h>

struct store {
    sqlite3 *database;
    char *path;
    int busy_ms; /* how long it waits for others */
    sqlite3_stmt *prepared[STATEMENT_COUNT];
};

struct query {
    struct store *store;
    sqlite3_stmt *statement;
    int parameter, column;
    bool failed;
};

bool query_open(struct store *store, enum statement statement, struct query *query,
                struct error *error);
void query_give_text(struct query *query,
                     const char *text); /* borrowed until the close; NULL fine */
void query_give_number(struct query *query, int64_t number);
void query_give_null(struct query *query);
bool query_row(struct query *query, struct error *error);
char *query_take_text(struct query *query); /* caller frees; NULL for NULL */
int64_t query_take_number(struct query *query);
bool query_close(struct query *query); /* false if a step failed */

/* For statements that give no rows. */
bool query_finish(struct query *query, struct error *error);
/* Rows that the last query_finish() of this connection changed. */
int query_changes(const struct store *store);
int64_t query_last_id(const struct store *store); /* of the row it inserted */

/* SQL text of one or more statements that take no parameters and give no rows. */
bool query_run(struct store *store, const char *sql, struct error *error);

/* What SQLite says, as a sentence about this file that tells what to do; false. */
bool query_fail(const struct store *store, struct error *error);
