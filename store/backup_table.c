#include "backup_table.h"

#include "store/query.h"

#include <stdlib.h>

bool backup_table_get(struct store *store, int64_t instance, struct store_backup *backup,
                      struct error *error) {
    struct query query;
    *backup = (struct store_backup){.instance = instance};
    if (!query_open(store, BACKUP_GET, &query, error))
        return false;
    query_bind_number(&query, instance);
    if (query_row(&query, error)) {
        backup->folder = query_column_text(&query);
        backup->every_s = (uint64_t)query_column_number(&query);
        backup->keep = (uint64_t)query_column_number(&query);
        backup->made_ms = query_column_number(&query);
    }
    return query_close(&query);
}

bool backup_table_put(struct store *store, const struct store_backup *backup, struct error *error) {
    struct query query;
    if (!query_open(store, BACKUP_PUT, &query, error))
        return false;
    query_bind_number(&query, backup->instance);
    query_bind_text(&query, backup->folder);
    query_bind_number(&query, (int64_t)backup->every_s);
    query_bind_number(&query, (int64_t)backup->keep);
    query_bind_number(&query, backup->made_ms);
    return query_finish(&query, error);
}

bool backup_table_set_made(struct store *store, int64_t instance, int64_t made_ms,
                           struct error *error) {
    struct query query;
    if (!query_open(store, BACKUP_SET_MADE, &query, error))
        return false;
    query_bind_number(&query, instance);
    query_bind_number(&query, made_ms);
    return query_finish(&query, error);
}

void store_backup_done(struct store_backup *backup) {
    free(backup->folder);
    *backup = (struct store_backup){0};
}
