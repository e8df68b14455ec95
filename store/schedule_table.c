#include "schedule_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdlib.h>

bool schedule_table_list(struct store *store, struct store_schedules *schedules,
                         struct error *error) {
    struct query query;
    *schedules = (struct store_schedules){0};
    if (!query_open(store, SCHEDULE_LIST, &query, error))
        return false;
    while (query_row(&query, error)) {
        schedules->items =
            alloc_resize(schedules->items, (schedules->count + 1) * sizeof *schedules->items);
        struct store_schedule *schedule = &schedules->items[schedules->count++];
        schedule->instance = query_column_number(&query);
        schedule->name = query_column_text(&query);
        schedule->kind = (enum store_schedule_kind)query_column_number(&query);
        schedule->every_s = query_column_number(&query);
        schedule->last_ms = query_column_number(&query);
    }
    if (query_close(&query))
        return true;
    store_schedules_done(schedules);
    return false;
}

void store_schedules_done(struct store_schedules *schedules) {
    for (size_t i = 0; i < schedules->count; i++)
        free(schedules->items[i].name);
    free(schedules->items);
    *schedules = (struct store_schedules){0};
}
