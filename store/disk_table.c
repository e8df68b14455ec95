#include "disk_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdlib.h>

static void disk_read_row(struct query *query, struct store_disk *disk) {
    disk->instance = query_column_number(query);
    disk->name = query_column_text(query);
    disk->bytes = (uint64_t)query_column_number(query);
    disk->created_ms = query_column_number(query);
}

bool disk_table_list(struct store *store, int64_t instance, struct store_disks *disks,
                     struct error *error) {
    struct query query;
    if (!query_open(store, DISK_LIST, &query, error))
        return false;
    query_bind_number(&query, instance);
    while (query_row(&query, error)) {
        disks->items = alloc_resize(disks->items, (disks->count + 1) * sizeof *disks->items);
        disk_read_row(&query, &disks->items[disks->count++]);
    }
    if (query_close(&query))
        return true;
    store_disks_done(disks);
    return false;
}

bool disk_table_add(struct store *store, const struct store_disk *disk, struct error *error) {
    struct query query;
    if (!query_open(store, DISK_ADD, &query, error))
        return false;
    query_bind_number(&query, disk->instance);
    query_bind_text(&query, disk->name);
    query_bind_number(&query, (int64_t)disk->bytes);
    query_bind_number(&query, disk->created_ms);
    return query_finish(&query, error);
}

bool disk_table_remove(struct store *store, int64_t instance, const char *name, bool *found,
                       struct error *error) {
    struct query query;
    if (!query_open(store, DISK_REMOVE, &query, error))
        return false;
    query_bind_number(&query, instance);
    query_bind_text(&query, name);
    if (!query_finish(&query, error))
        return false;
    *found = query_changes(store) > 0;
    return true;
}

bool disk_table_resize(struct store *store, const struct store_disk *disk, struct error *error) {
    struct query query;
    if (!query_open(store, DISK_RESIZE, &query, error))
        return false;
    query_bind_number(&query, disk->instance);
    query_bind_text(&query, disk->name);
    query_bind_number(&query, (int64_t)disk->bytes);
    return query_finish(&query, error);
}

void store_disks_done(struct store_disks *disks) {
    for (size_t i = 0; i < disks->count; i++)
        free(disks->items[i].name);
    free(disks->items);
    *disks = (struct store_disks){0};
}
