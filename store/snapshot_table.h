/* Snapshots of instances, one row for each, with the sizes of the disks that are in it and what was
 * known of the guest. The snapshots themselves are in the qcow2 files, whose lists are the truth:
 * home/snapshot. */
#pragma once

#include "store/guest_table.h"
#include "store/store.h"

#include <stddef.h>

/* Everything but "kept" is an operation that was begun, and is completed or undone. */
#define STORE_SNAPSHOT_STATES(X)                                                                   \
    X(STORE_SNAPSHOT_UNKNOWN, "unknown") /* written by a newer pgsup */                            \
    X(STORE_SNAPSHOT_MAKING, "making")                                                             \
    X(STORE_SNAPSHOT_KEPT, "kept")                                                                 \
    X(STORE_SNAPSHOT_RESTORING, "restoring")                                                       \
    X(STORE_SNAPSHOT_REMOVING, "removing")
#define STORE_SNAPSHOT_ORIGINS(X)                                                                  \
    X(STORE_SNAPSHOT_BY_USER, "user")                                                              \
    X(STORE_SNAPSHOT_AUTOMATIC, "automatic") /* --snapshot-every */                                \
    X(STORE_SNAPSHOT_SAFETY, "safety")       /* before another one was restored */
#define STORE_SNAPSHOT_CONSISTENCIES(X)                                                            \
    X(STORE_SNAPSHOT_CRASH, "crash")   /* as after a power cut */                                  \
    X(STORE_SNAPSHOT_FROZEN, "frozen") /* the guest's agent had frozen its file systems */         \
    X(STORE_SNAPSHOT_STOPPED, "stopped")
#define STORE_SNAPSHOT_ENUM(name, word) name,
enum store_snapshot_state { STORE_SNAPSHOT_STATES(STORE_SNAPSHOT_ENUM) };
enum store_snapshot_origin { STORE_SNAPSHOT_ORIGINS(STORE_SNAPSHOT_ENUM) };
enum store_snapshot_consistency { STORE_SNAPSHOT_CONSISTENCIES(STORE_SNAPSHOT_ENUM) };
#undef STORE_SNAPSHOT_ENUM
const char *store_snapshot_state_word(enum store_snapshot_state state);
const char *store_snapshot_origin_word(enum store_snapshot_origin origin);
const char *store_snapshot_consistency_word(enum store_snapshot_consistency consistency);

struct store_snapshot_disk {
    char *name; /* of an extra disk; "": that from which the instance boots */
    uint64_t bytes;
};
struct store_snapshot {
    int64_t instance;
    char *instance_name; /* joined; ignored by an addition */
    char *name;
    enum store_snapshot_state state;
    enum store_snapshot_origin origin;
    enum store_snapshot_consistency consistency;
    char *comment;  /* NULL: none */
    char *identity; /* the instance-id that the instance had */
    int64_t created_ms;
    bool has_guest;           /* the guest had a row: */
    struct store_guest guest; /* phoned_home_ms, instance_id, hostname, host_keys, trusts_cache */
    struct store_snapshot_disk *disks;
    size_t disk_count;
};
struct store_snapshots {
    struct store_snapshot *items;
    size_t count;
};

/* Of one instance or, with 0, of all; by instance, the oldest first. */
bool snapshot_table_list(struct store *store, int64_t instance, struct store_snapshots *snapshots,
                         struct error *error);
/* In the caller's transaction. */
bool snapshot_table_add(struct store *store, const struct store_snapshot *snapshot,
                        struct error *error);
/* Writes state and consistency. */
bool snapshot_table_set_state(struct store *store, const struct store_snapshot *snapshot,
                              struct error *error);
bool snapshot_table_remove(struct store *store, const struct store_snapshot *snapshot,
                           struct error *error);

void store_snapshot_done(struct store_snapshot *snapshot);
void store_snapshots_done(struct store_snapshots *snapshots);
