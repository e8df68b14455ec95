#include "event_table.h"

#include "base/alloc.h"
#include "store/query.h"

#include <stdlib.h>
#include <string.h>

#define STORE_EVENT_WORD(name, word) [name] = word,
static const char *const kinds[] = {STORE_EVENT_KINDS(STORE_EVENT_WORD)};
static const char *const results[] = {STORE_EVENT_RESULTS(STORE_EVENT_WORD)};
#undef STORE_EVENT_WORD

const char *store_event_word(enum store_event_kind kind) {
    return kinds[kind];
}

/* The index of a word in a table; 0 if it is not there. */
static int find_word(const char *const *words, int count, const char *word) {
    for (int i = 1; word && i < count; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return 0;
}

enum store_event_kind store_event_from_word(const char *word) {
    return (enum store_event_kind)find_word(kinds, STORE_EVENT_KIND_COUNT, word);
}

static void bind_instance(struct query *query, int64_t instance) {
    if (instance)
        query_bind_number(query, instance);
    else
        query_bind_null(query);
}

static bool prune(struct store *store, const struct store_event *event, struct error *error) {
    struct query query;
    if (!query_open(store, EVENT_PRUNE, &query, error))
        return false;
    bind_instance(&query, event->instance);
    query_bind_text(&query, kinds[event->kind]);
    query_bind_number(&query, EVENT_TABLE_LIMIT);
    return query_finish(&query, error);
}

bool event_table_add(struct store *store, const struct store_event *event, struct error *error) {
    struct query query;
    if (!query_open(store, EVENT_ADD, &query, error))
        return false;
    bind_instance(&query, event->instance);
    query_bind_number(&query, event->at_ms);
    query_bind_text(&query, kinds[event->kind]);
    query_bind_text(&query, event->text);
    query_bind_text(&query, event->stage);
    query_bind_text(&query, event->module);
    query_bind_text(&query, event->result ? results[event->result] : NULL);
    return query_finish(&query, error) && prune(store, event, error);
}

/* Doubles the capacity each time that the count reaches a power of two: lists are long. */
static struct store_event *append(struct store_events *events) {
    if ((events->count & (events->count - 1)) == 0)
        events->items = alloc_resize(events->items, (events->count ? 2 * events->count : 1) *
                                                        sizeof *events->items);
    return &events->items[events->count++];
}

static enum statement list_statement(const struct event_query *asked) {
    if (asked->kind)
        return EVENT_LIST_KIND;
    if (asked->before_id)
        return asked->instance ? EVENT_NEWEST_INSTANCE : EVENT_NEWEST;
    return asked->instance ? EVENT_LIST_INSTANCE : EVENT_LIST;
}

bool event_table_list(struct store *store, const struct event_query *asked,
                      struct store_events *events, struct error *error) {
    struct query query;
    if (!query_open(store, list_statement(asked), &query, error))
        return false;
    query_bind_number(&query, asked->before_id ? asked->before_id : asked->after_id);
    query_bind_number(&query, asked->since_ms);
    query_bind_number(&query, asked->limit);
    if (asked->instance)
        query_bind_number(&query, asked->instance);
    if (asked->kind)
        query_bind_text(&query, kinds[asked->kind]);
    while (query_row(&query, error)) {
        struct store_event *event = append(events);
        event->id = query_column_number(&query);
        event->at_ms = query_column_number(&query);
        event->instance = query_column_number(&query);
        event->name = query_column_text(&query);
        scoped(alloc_release) char *kind = query_column_text(&query);
        event->kind = store_event_from_word(kind);
        event->text = query_column_text(&query);
        event->stage = query_column_text(&query);
        event->module = query_column_text(&query);
        scoped(alloc_release) char *result = query_column_text(&query);
        event->result =
            (enum store_event_result)find_word(results, STORE_EVENT_RESULT_COUNT, result);
    }
    if (query_close(&query))
        return true;
    store_events_done(events);
    return false;
}

void store_events_done(struct store_events *events) {
    for (size_t i = 0; i < events->count; i++) {
        free(events->items[i].name);
        free(events->items[i].text);
        free(events->items[i].stage);
        free(events->items[i].module);
    }
    free(events->items);
    *events = (struct store_events){0};
}
