#include "generated_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdio.h>

bool generated_table_get(struct store *store, int64_t instance, const char *path,
                         char digest[SECRET_SHA256_SIZE], struct error *error) {
    struct query query;
    if (!query_open(store, GENERATED_GET, &query, error))
        return false;
    query_bind_number(&query, instance);
    query_bind_text(&query, path);
    digest[0] = 0;
    if (query_row(&query, error)) {
        scoped(alloc_release) char *text = query_column_text(&query);
        snprintf(digest, SECRET_SHA256_SIZE, "%s", text);
    }
    return query_close(&query);
}

bool generated_table_put(struct store *store, int64_t instance, const char *path,
                         const char *digest, struct error *error) {
    struct query query;
    if (!query_open(store, GENERATED_PUT, &query, error))
        return false;
    query_bind_number(&query, instance);
    query_bind_text(&query, path);
    query_bind_text(&query, digest);
    return query_finish(&query, error);
}
