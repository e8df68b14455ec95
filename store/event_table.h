/* The event log: append-only, at most EVENT_TABLE_LIMIT rows of each kind for each instance (the
 * oldest are deleted), so that many of one kind never remove those of another. */
#pragma once

#include "store/store.h"

#include <stddef.h>

#define EVENT_TABLE_LIMIT 2000

/* The word is that of the column, of `pgsup events` and of progress notifications. */
#define STORE_EVENT_KINDS(X)                                                                       \
    X(STORE_EVENT_UNKNOWN, "unknown") /* written by a newer pgsup */                               \
    X(STORE_EVENT_STATE, "state")                                                                  \
    X(STORE_EVENT_REASON, "reason")                                                                \
    X(STORE_EVENT_PHASE, "phase")                                                                  \
    X(STORE_EVENT_NOTICE, "notice")                                                                \
    X(STORE_EVENT_QMP, "qmp")                                                                      \
    X(STORE_EVENT_JOB, "job")                                                                      \
    X(STORE_EVENT_DISK, "disk")                                                                    \
    X(STORE_EVENT_SNAPSHOT, "snapshot")                                                            \
    X(STORE_EVENT_NETWORK, "network")                                                              \
    X(STORE_EVENT_AGENT, "agent")                                                                  \
    X(STORE_EVENT_SEED, "seed")                                                                    \
    X(STORE_EVENT_PHONE_HOME, "phone-home")                                                        \
    X(STORE_EVENT_HOST_KEY, "host-key")                                                            \
    X(STORE_EVENT_ADDRESS, "address")                                                              \
    X(STORE_EVENT_CLOUD_INIT, "cloud-init")                                                        \
    X(STORE_EVENT_FAILED, "failed") /* progress only: a module of cloud-init failed */             \
    X(STORE_EVENT_PROVISION, "provision")                                                          \
    X(STORE_EVENT_DNS, "dns")                                                                      \
    X(STORE_EVENT_DROPPED, "dropped") /* how many events were not recorded */
#define STORE_EVENT_ENUM(name, word) name,
enum store_event_kind { STORE_EVENT_KINDS(STORE_EVENT_ENUM) STORE_EVENT_KIND_COUNT };

/* What a stage or module of cloud-init came to. */
#define STORE_EVENT_RESULTS(X)                                                                     \
    X(STORE_RESULT_NONE, "") /* of other events; NULL in the store */                              \
    X(STORE_RESULT_BEGAN, "began")                                                                 \
    X(STORE_RESULT_ENDED, "ended")                                                                 \
    X(STORE_RESULT_FAILED, "failed")
enum store_event_result { STORE_EVENT_RESULTS(STORE_EVENT_ENUM) STORE_EVENT_RESULT_COUNT };
#undef STORE_EVENT_ENUM

const char *store_event_word(enum store_event_kind kind);
enum store_event_kind store_event_from_word(const char *word); /* or STORE_EVENT_UNKNOWN */

struct store_event {
    int64_t id; /* increases; --follow continues after it */
    int64_t at_ms;
    int64_t instance; /* 0: of the supervisor itself */
    char *name;       /* of the instance; NULL */
    enum store_event_kind kind;
    char *text; /* printable sentence */
    /* Of STORE_EVENT_CLOUD_INIT. */
    char *stage;  /* "modules-final"; NULL */
    char *module; /* "scripts-user"; NULL: the stage as a whole */
    enum store_event_result result;
};
struct store_events {
    struct store_event *items;
    size_t count;
};

/* Ignores id and name. */
bool event_table_add(struct store *store, const struct store_event *event, struct error *error);

struct event_query {
    int64_t instance;           /* 0: all */
    int64_t after_id;           /* only events with a greater id */
    int64_t since_ms;           /* only events at or after this time */
    unsigned limit;             /* at most this many */
    int64_t before_id;          /* newest first, only those with a smaller id; 0: oldest first */
    enum store_event_kind kind; /* of one instance, oldest first; UNKNOWN: all */
};
bool event_table_list(struct store *store, const struct event_query *asked,
                      struct store_events *events, struct error *error);
void store_events_done(struct store_events *events);
