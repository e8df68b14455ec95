/* One execution of a prepared statement: the caller binds parameters in order, then steps through
 * rows and reads their columns in order. Internal to store/.
 *
 *     struct query query;
 *     if (!query_open(store, GUEST_GET, &query, error))
 *         return false;
 *     query_bind_number(&query, instance);
 *     if (query_row(&query, error)) … query_column_text(&query) …
 *     return query_close(&query);
 *
 * Statements are prepared once per connection and kept. query_row() returns false at the end and
 * on failure; query_close() tells which of the two happened. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "base/word_set.h"
#include "store/statements.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct store_claims { /* claim.h */
    struct strv addresses, macs, ports, subnets;
};

struct store {
    sqlite3 *database;
    char *path;
    int busy_ms;        /* how long it waits for other writers */
    bool reads;         /* the open transaction is that of store_begin_reading() */
    int log_pages;      /* after the last commit, store/write_back.h */
    int log_kept;       /* … and after the last write-back */
    uint32_t committed; /* … transactions that changed something */
    sqlite3_stmt *prepared[STATEMENT_COUNT];
    struct store_claims claims;
};

struct query {
    struct store *store;
    sqlite3_stmt *statement;
    int parameter, column;
    bool failed;
};

bool query_open(struct store *store, enum statement statement, struct query *query,
                struct error *error);
void query_bind_text(struct query *query,
                     const char *text); /* borrowed until the close; NULL is fine */
void query_bind_number(struct query *query, int64_t number);
void query_bind_null(struct query *query);
bool query_row(struct query *query, struct error *error);
char *query_column_text(struct query *query); /* caller frees; NULL for NULL */
int64_t query_column_number(struct query *query);
/* The enum's value for a word; other_value for NULL and for words that the set does not have. */
int query_column_word(struct query *query, const struct word_set *set, int other_value);
bool query_close(struct query *query); /* false if a step failed */

/* Runs a statement that returns no rows. */
bool query_finish(struct query *query, struct error *error);
/* The number of rows that the last query_finish() of this connection changed. */
int query_changes(const struct store *store);
int64_t query_last_id(const struct store *store); /* of the last inserted row */

/* SQL text of one or more statements that take no parameters and give no rows. */
bool query_run(struct store *store, const char *sql, struct error *error);

/* Of store_begin_reading(). A statement that writes ends it too, for what it writes is put onto the
 * newest state, and so does query_run(). Harmless when it was not begun. */
void query_end_reading(struct store *store);

/* Sets SQLite's last error as a sentence about this file that says what to do; returns false. */
bool query_fail(const struct store *store, struct error *error);
