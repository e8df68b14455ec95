#include "generated_table.h"

#include "base/alloc.h"
#include "store/statement.h"

#include <stdio.h>

enum { GET, PUT };
static const char *const sql[] = {
    [GET] = "SELECT digest FROM generated WHERE instance = ? AND path = ?",
    [PUT] = "INSERT OR REPLACE INTO generated (instance, path, digest) VALUES (?, ?, ?)",
};

bool generated_table_get(struct store *store, int64_t instance, const char *path,
                         char digest[SECRET_SHA256_SIZE], struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[GET], error);
    if (!row)
        return false;
    statement_bind_number(row, 1, instance);
    statement_bind_text(row, 2, path);
    enum statement_result result = statement_step(store, row, error);
    digest[0] = 0;
    if (result == STATEMENT_ROW) {
        scoped(alloc_release) char *text = statement_text(row, 0);
        snprintf(digest, SECRET_SHA256_SIZE, "%s", text);
    }
    statement_end(row);
    return result != STATEMENT_FAILED;
}

bool generated_table_put(struct store *store, int64_t instance, const char *path,
                         const char *digest, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[PUT], error);
    if (!row)
        return false;
    statement_bind_number(row, 1, instance);
    statement_bind_text(row, 2, path);
    statement_bind_text(row, 3, digest);
    return statement_run(store, row, error);
}
