#include "event_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdlib.h>

static void give_instance(struct query *query, int64_t instance) {
    if (instance)
        query_give_number(query, instance);
    else
        query_give_null(query);
}

static bool prune(struct store *store, int64_t instance, struct error *error) {
    struct query query;
    if (!query_open(store, EVENT_PRUNE, &query, error))
        return false;
    give_instance(&query, instance);
    query_give_number(&query, EVENT_TABLE_LIMIT);
    return query_finish(&query, error);
}

bool event_table_add(struct store *store, const struct store_event *event, struct error *error) {
    struct query query;
    if (!query_open(store, EVENT_ADD, &query, error))
        return false;
    give_instance(&query, event->instance);
    query_give_number(&query, event->at_ms);
    query_give_text(&query, event->kind);
    query_give_text(&query, event->text);
    return query_finish(&query, error) && prune(store, event->instance, error);
}

/* Doubles its room each time that the count reaches a power of two: lists are long. */
static struct store_event *append(struct store_events *events) {
    if ((events->count & (events->count - 1)) == 0)
        events->items = alloc_resize(events->items, (events->count ? 2 * events->count : 1) *
                                                        sizeof *events->items);
    return &events->items[events->count++];
}

bool event_table_list(struct store *store, const struct event_query *asked,
                      struct store_events *events, struct error *error) {
    struct query query;
    if (!query_open(store, asked->instance ? EVENT_LIST_INSTANCE : EVENT_LIST, &query, error))
        return false;
    query_give_number(&query, asked->after_id);
    query_give_number(&query, asked->since_ms);
    query_give_number(&query, asked->limit);
    if (asked->instance)
        query_give_number(&query, asked->instance);
    while (query_row(&query, error)) {
        struct store_event *event = append(events);
        event->id = query_take_number(&query);
        event->at_ms = query_take_number(&query);
        event->instance = query_take_number(&query);
        event->name = query_take_text(&query);
        event->kind = query_take_text(&query);
        event->text = query_take_text(&query);
    }
    if (query_close(&query))
        return true;
    store_events_done(events); /* half a list is none */
    return false;
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
