/* Faults of SQLite: what sqlite3_errcode() and the like say afterwards belongs to the fault. */
#include "fault.h"

#include <sqlite3.h>
#include <stddef.h>

static _Thread_local struct {
    sqlite3 *database;
    int code;
    int depth; /* SQLite's own calls of these functions do not count */
} told;

/* In turn, as N counts up. A full disk often takes the transaction with it: sqlite3_step(). */
static bool sqlite_fails(sqlite3 *database, const char *function) {
    static const int codes[] = {SQLITE_FULL, SQLITE_IOERR, SQLITE_BUSY};
    told.database = NULL;
    if (told.depth)
        return false;
    long which = fault_next(SQLITE, function);
    if (!which)
        return false;
    int code = codes[(fault_calls() + 1) % 3];
    if (code == SQLITE_FULL && database && !sqlite3_get_autocommit(database)) {
        told.depth++;
        sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
        told.depth--;
    }
    told.database = database;
    told.code = code;
    return true;
}

int sqlite3_open_v2(const char *path, sqlite3 **database, int flags, const char *vfs) {
    REAL(sqlite3_open_v2);
    bool fail = sqlite_fails(NULL, "sqlite3_open_v2");
    int result = real(path, database, flags, vfs);
    if (!fail)
        return result;
    told.database = *database;
    return told.code = SQLITE_CANTOPEN;
}

int sqlite3_prepare_v2(sqlite3 *database, const char *sql, int length, sqlite3_stmt **statement,
                       const char **rest) {
    REAL(sqlite3_prepare_v2);
    if (!sqlite_fails(database, "sqlite3_prepare_v2"))
        return real(database, sql, length, statement, rest);
    *statement = NULL;
    return told.code;
}

int sqlite3_prepare_v3(sqlite3 *database, const char *sql, int length, unsigned flags,
                       sqlite3_stmt **statement, const char **rest) {
    REAL(sqlite3_prepare_v3);
    if (!sqlite_fails(database, "sqlite3_prepare_v3"))
        return real(database, sql, length, flags, statement, rest);
    *statement = NULL;
    return told.code;
}

int sqlite3_step(sqlite3_stmt *statement) {
    REAL(sqlite3_step);
    return sqlite_fails(sqlite3_db_handle(statement), "sqlite3_step") ? told.code : real(statement);
}

int sqlite3_exec(sqlite3 *database, const char *sql, int (*callback)(void *, int, char **, char **),
                 void *context, char **message) {
    REAL(sqlite3_exec);
    if (sqlite_fails(database, "sqlite3_exec"))
        return told.code;
    told.depth++;
    int result = real(database, sql, callback, context, message);
    told.depth--;
    return result;
}

int sqlite3_errcode(sqlite3 *database) {
    REAL(sqlite3_errcode);
    return database && told.database == database ? told.code : real(database);
}

int sqlite3_extended_errcode(sqlite3 *database) {
    REAL(sqlite3_extended_errcode);
    return database && told.database == database ? told.code : real(database);
}

const char *sqlite3_errmsg(sqlite3 *database) {
    REAL(sqlite3_errmsg);
    return database && told.database == database ? sqlite3_errstr(told.code) : real(database);
}
