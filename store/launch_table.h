/* Launches: one row for every QEMU process of an instance, kept after it ended. The number of a
 * launch is never reused; the names of sockets and pid files contain it. */
#pragma once

#include "store/store.h"

#include <stddef.h>

/* Phases of a boot in the order in which they occur; their times are wall clock ms, 0: not yet. */
#define STORE_PHASES(X)                                                                            \
    X(PHASE_LAUNCHED, "launched") /* process spawned */                                            \
    X(PHASE_STARTED, "started")   /* qmp_capabilities answered */                                  \
    X(PHASE_FIRMWARE, "firmware") /* first byte on the serial console */                           \
    X(PHASE_KERNEL, "kernel")     /* first sign of a kernel: console text or agent port */         \
    X(PHASE_SEED, "seed")         /* first seed document fetched */                                \
    X(PHASE_PHONE_HOME, "phone-home")                                                              \
    X(PHASE_READY, "ready")                                                                        \
    X(PHASE_PROVISIONED, "provisioned")
#define STORE_PHASE_ENUM(name, word) name,
enum store_phase { STORE_PHASES(STORE_PHASE_ENUM) PHASE_COUNT };
#undef STORE_PHASE_ENUM
const char *store_phase_word(enum store_phase phase);

struct store_launch {
    int64_t number; /* AUTOINCREMENT */
    int64_t boot;   /* counts the launches of its instance; read only */
    int64_t instance;
    char *tag;   /* part of the names of run files: "n<number>", or "sh<pid>" for vm.sh; the number
                    alone: by an older version */
    int64_t pid; /* 0: not spawned */
    uint64_t pid_start;
    char *state;  /* last state written, machine/core/lifecycle.h; informative: truth is derived */
    char *reason; /* a sentence about that state; NULL */
    int64_t phases_ms[PHASE_COUNT];
    int64_t ended_ms; /* 0: no end is known */
    char *end_cause; /* "guest-shutdown", "host-qmp-quit", "signal 9", "exit 1", "unsupervised" … */
    char *end_text;    /* a sentence, with QEMU's last output when it failed */
    char *serial_tail; /* last lines of the console, printable; NULL */
    int64_t presses;   /* of the power button, in the last stop */
};
struct store_launches {
    struct store_launch *items;
    size_t count;
};

bool launch_table_add(struct store *store, int64_t instance, struct store_launch *launch,
                      struct error *error); /* sets number and, if NULL, tag */
bool launch_table_put(struct store *store, const struct store_launch *launch, struct error *error);
bool launch_table_last(struct store *store, int64_t instance, struct store_launch *launch,
                       struct error *error); /* ERROR_NOT_FOUND if never launched */
bool launch_table_list(struct store *store, int64_t instance, unsigned limit,
                       struct store_launches *launches, struct error *error); /* newest first */
/* The last one of each instance, in the order of their ids, without serial_tail and boot. */
bool launch_table_list_last(struct store *store, struct store_launches *launches,
                            struct error *error);
/* In such a list; NULL: never launched. */
const struct store_launch *store_launches_find(const struct store_launches *launches,
                                               int64_t instance);
void store_launch_done(struct store_launch *launch);
void store_launches_done(struct store_launches *launches);
