#include "store/query.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>

static bool fail_constraint(const struct store *store, struct error *error) {
    const char *text = sqlite3_errmsg(store->database);
    const char *column = strstr(text, "failed: ");
    switch (sqlite3_extended_errcode(store->database)) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
        return error_set(error, ERROR_EXISTS, "the store already has one with the same %s",
                         column ? column + strlen("failed: ") : text);
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return error_set(
            error, ERROR_WRONG_STATE,
            "the store refuses this: another row still refers to it, or the row that it "
            "refers to is gone");
    default: return error_set(error, ERROR_INVALID, "the store refuses this: %s", text);
    }
}

static bool fail_io(const struct store *store, struct error *error) {
    int number = sqlite3_system_errno(store->database);
    return error_set(error, ERROR_FAILED, "cannot read or write %s: %s", store->path,
                     number ? strerror(number) : sqlite3_errmsg(store->database));
}

bool query_fail(const struct store *store, struct error *error) {
    switch (sqlite3_errcode(store->database) & 0xFF) { /* without the details */
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(error, ERROR_FAILED,
                         "the store is in use by another process (waited %d s): try again",
                         store->busy_ms / 1000);
    case SQLITE_FULL:
        return error_set(error, ERROR_FAILED,
                         "the disk that holds %s is full: free some space and try again, nothing "
                         "was changed",
                         store->path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_set(error, ERROR_FAILED,
                         "%s is damaged (%s): put a backup of it in its place, nothing was changed",
                         store->path, sqlite3_errmsg(store->database));
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return error_set(
            error, ERROR_FAILED,
            "%s cannot be written: check who owns it and its folder, nothing was changed",
            store->path);
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: return fail_io(store, error);
    case SQLITE_CONSTRAINT: return fail_constraint(store, error);
    default:
        return error_set(error, ERROR_FAILED, "the store %s: %s", store->path,
                         sqlite3_errmsg(store->database));
    }
}

bool query_open(struct store *store, enum statement statement, struct query *query,
                struct error *error) {
    sqlite3_stmt **slot = &store->prepared[statement];
    if (!*slot && sqlite3_prepare_v3(store->database, statements_sql(statement), -1,
                                     SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK)
        return query_fail(store, error);
    if (store->reads && !sqlite3_stmt_readonly(*slot))
        query_end_reading(store);
    *query = (struct query){.store = store, .statement = *slot};
    return true;
}

/* A binding fails only when memory runs out or the SQL has no parameter of that number. */
static void check_bind(struct query *query, int result) {
    query->failed = query->failed || result != SQLITE_OK;
}

void query_bind_text(struct query *query, const char *text) {
    check_bind(query,
               sqlite3_bind_text(query->statement, ++query->parameter, text, -1, SQLITE_STATIC));
}

void query_bind_number(struct query *query, int64_t number) {
    check_bind(query, sqlite3_bind_int64(query->statement, ++query->parameter, number));
}

void query_bind_null(struct query *query) {
    check_bind(query, sqlite3_bind_null(query->statement, ++query->parameter));
}

bool query_row(struct query *query, struct error *error) {
    if (query->failed)
        return query_fail(query->store, error);
    int result = sqlite3_step(query->statement);
    query->column = 0;
    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE) {
        query->failed = true;
        query_fail(query->store, error);
    }
    return false;
}

char *query_column_text(struct query *query) {
    const unsigned char *text = sqlite3_column_text(query->statement, query->column++);
    return alloc_string((const char *)text);
}

int64_t query_column_number(struct query *query) {
    return sqlite3_column_int64(query->statement, query->column++);
}

int query_column_word(struct query *query, const struct word_set *set, int other_value) {
    const unsigned char *word = sqlite3_column_text(query->statement, query->column++);
    word_set_find(set, (const char *)word, &other_value);
    return other_value;
}

bool query_close(struct query *query) {
    sqlite3_reset(query->statement);
    sqlite3_clear_bindings(query->statement);
    return !query->failed;
}

bool query_finish(struct query *query, struct error *error) {
    query_row(query, error);
    return query_close(query);
}

int query_changes(const struct store *store) {
    return sqlite3_changes(store->database);
}

int64_t query_last_id(const struct store *store) {
    return sqlite3_last_insert_rowid(store->database);
}

void query_end_reading(struct store *store) {
    if (store->reads && sqlite3_exec(store->database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    store->reads = false;
}

bool query_run(struct store *store, const char *sql, struct error *error) {
    query_end_reading(store);
    return sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK ||
           query_fail(store, error);
}
