#include "freeze_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdlib.h>

bool freeze_table_put(struct store *store, const struct store_freeze *freeze, struct error *error) {
    struct query query;
    if (!query_open(store, FREEZE_PUT, &query, error))
        return false;
    query_bind_number(&query, freeze->instance);
    query_bind_number(&query, freeze->began_ms);
    return query_finish(&query, error);
}

bool freeze_table_list(struct store *store, int64_t instance, struct store_freezes *freezes,
                       struct error *error) {
    struct query query;
    if (!query_open(store, FREEZE_LIST, &query, error))
        return false;
    query_bind_number(&query, instance);
    while (query_row(&query, error)) {
        freezes->items =
            alloc_resize(freezes->items, (freezes->count + 1) * sizeof *freezes->items);
        struct store_freeze *freeze = &freezes->items[freezes->count++];
        freeze->instance = query_column_number(&query);
        freeze->began_ms = query_column_number(&query);
    }
    if (query_close(&query))
        return true;
    store_freezes_done(freezes);
    return false;
}

bool freeze_table_remove(struct store *store, int64_t instance, struct error *error) {
    struct query query;
    if (!query_open(store, FREEZE_REMOVE, &query, error))
        return false;
    query_bind_number(&query, instance);
    return query_finish(&query, error);
}

void store_freezes_done(struct store_freezes *freezes) {
    free(freezes->items);
    *freezes = (struct store_freezes){0};
}
