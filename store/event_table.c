#include "event_table.h"

#include "base/alloc.h"
#include "store/statement.h"

#include <stdlib.h>

enum { ADD, TRIM, LIST };
static const char *const sql[] = {
    [ADD] = "INSERT INTO events (instance, seq, at_ms, kind, text) VALUES (?1,"
            " COALESCE((SELECT MAX(seq) FROM events WHERE instance IS ?1), 0) + 1, ?2, ?3, ?4)"
            " RETURNING seq",
    [TRIM] = "DELETE FROM events WHERE instance IS ?1 AND seq <= ?2",
    [LIST] = "SELECT events.id, at_ms, COALESCE(instance, 0), instances.name, kind, text"
             " FROM events LEFT JOIN instances ON instances.id = events.instance"
             " WHERE events.id > ?1 AND at_ms >= ?2 AND (?3 = 0 OR instance = ?3)"
             " ORDER BY events.id LIMIT ?4",
};

static void bind_instance(sqlite3_stmt *row, int64_t instance) {
    if (instance)
        statement_bind_number(row, 1, instance);
    else
        statement_bind_text(row, 1, NULL);
}

bool event_table_add(struct store *store, int64_t instance, int64_t at_ms, const char *kind,
                     const char *text, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[ADD], error);
    sqlite3_stmt *trim = statement_get(store, sql[TRIM], error);
    if (!row || !trim)
        return false;
    bind_instance(row, instance);
    statement_bind_number(row, 2, at_ms);
    statement_bind_text(row, 3, kind);
    statement_bind_text(row, 4, text);
    bool good = statement_step(store, row, error) == STATEMENT_ROW;
    int64_t seq = good ? statement_number(row, 0) : 0;
    statement_end(row);
    if (!good || seq <= EVENT_TABLE_LIMIT)
        return good;
    bind_instance(trim, instance);
    statement_bind_number(trim, 2, seq - EVENT_TABLE_LIMIT);
    return statement_run(store, trim, error);
}

bool event_table_list(struct store *store, int64_t instance, int64_t after_id, int64_t since_ms,
                      unsigned limit, struct store_events *events, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[LIST], error);
    enum statement_result result = STATEMENT_FAILED;
    if (!row)
        return false;
    statement_bind_number(row, 1, after_id);
    statement_bind_number(row, 2, since_ms);
    statement_bind_number(row, 3, instance);
    statement_bind_number(row, 4, limit);
    while ((result = statement_step(store, row, error)) == STATEMENT_ROW) {
        events->items = alloc_resize(events->items, (events->count + 1) * sizeof *events->items);
        events->items[events->count++] = (struct store_event){
            .id = statement_number(row, 0),
            .at_ms = statement_number(row, 1),
            .instance = statement_number(row, 2),
            .name = statement_text(row, 3),
            .kind = statement_text(row, 4),
            .text = statement_text(row, 5),
        };
    }
    statement_end(row);
    return result == STATEMENT_DONE;
}

void store_events_done(struct store_events *events) {
    for (size_t i = 0; i < events->count; i++) {
        free(events->items[i].name);
        free(events->items[i].kind);
        free(events->items[i].text);
    }
    free(events->items);
    *events = (struct store_events){0};
}
