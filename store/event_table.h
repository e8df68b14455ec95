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

bool event_table_add(struct store *store, int64_t instance, int64_t at_ms, const char *kind,
                     const char *text, struct error *error);
/* Oldest first: id > after_id and at_ms >= since_ms, of one instance or (0) of all. */
bool event_table_list(struct store *store, int64_t instance, int64_t after_id, int64_t since_ms,
                      unsigned limit, struct store_events *events, struct error *error);
void store_events_done(struct store_events *events);
