/* The event log: append-only, at most EVENT_TABLE_LIMIT rows per instance (the oldest go). */
#pragma once

#include "store/store.h"

#include <stddef.h>

#define EVENT_TABLE_LIMIT 10000

struct store_event {
    int64_t id; /* grows; what --follow asks from */
    int64_t at_ms;
    int64_t instance; /* 0: of the supervisor itself */
    char *name;       /* of the instance; NULL */
    char *kind;       /* "state", "phase", "qmp", "seed", "phone-home", "cloud-init", "dns" … */
    char *text;       /* printable sentence */
};
struct store_events {
    struct store_event *items;
    size_t count;
};

/* Its id and name are not read. */
bool event_table_add(struct store *store, const struct store_event *event, struct error *error);

struct event_query {
    int64_t instance; /* 0: all */
    int64_t after_id; /* only events with a greater id */
    int64_t since_ms; /* only events at or after this time */
    unsigned limit;   /* at most this many */
};
/* Oldest first. */
bool event_table_list(struct store *store, const struct event_query *asked,
                      struct store_events *events, struct error *error);
void store_events_done(struct store_events *events);
