#include "snapshot_table.h"

#include "base/alloc.h"
#include "base/word_set.h"
#include "store/query.h"

#include <stdlib.h>

#define WORD(name, word) [name] = word,
static const char *const state_words[] = {STORE_SNAPSHOT_STATES(WORD)};
static const char *const origin_words[] = {STORE_SNAPSHOT_ORIGINS(WORD)};
static const char *const consistency_words[] = {STORE_SNAPSHOT_CONSISTENCIES(WORD)};
static const struct word_set states = WORD_SET(state_words);
static const struct word_set origins = WORD_SET(origin_words);
static const struct word_set consistencies = WORD_SET(consistency_words);

const char *store_snapshot_state_word(enum store_snapshot_state state) {
    return state_words[state];
}

const char *store_snapshot_origin_word(enum store_snapshot_origin origin) {
    return origin_words[origin];
}

const char *store_snapshot_consistency_word(enum store_snapshot_consistency consistency) {
    return consistency_words[consistency];
}

static void read_snapshot(struct query *query, struct store_snapshot *snapshot) {
    *snapshot = (struct store_snapshot){.instance = query_column_number(query)};
    snapshot->instance_name = query_column_text(query);
    snapshot->name = query_column_text(query);
    snapshot->state =
        (enum store_snapshot_state)query_column_word(query, &states, STORE_SNAPSHOT_UNKNOWN);
    snapshot->origin =
        (enum store_snapshot_origin)query_column_word(query, &origins, STORE_SNAPSHOT_BY_USER);
    snapshot->consistency = (enum store_snapshot_consistency)query_column_word(
        query, &consistencies, STORE_SNAPSHOT_CRASH);
    snapshot->comment = query_column_text(query);
    snapshot->created_ms = query_column_number(query);
    snapshot->has_guest = query_column_number(query) != 0;
    snapshot->guest.phoned_home_ms = query_column_number(query);
    snapshot->guest.hostname = query_column_text(query);
    snapshot->guest.instance_id = query_column_text(query);
    snapshot->guest.host_keys = query_column_text(query);
    snapshot->guest.trusts_cache = query_column_number(query) != 0;
    snapshot->identity = query_column_text(query);
}

static bool list_disks(struct store *store, struct store_snapshot *snapshot, struct error *error) {
    struct query query;
    if (!query_open(store, SNAPSHOT_LIST_DISKS, &query, error))
        return false;
    query_bind_number(&query, snapshot->instance);
    query_bind_text(&query, snapshot->name);
    while (query_row(&query, error)) {
        snapshot->disks =
            alloc_resize(snapshot->disks, (snapshot->disk_count + 1) * sizeof *snapshot->disks);
        struct store_snapshot_disk *disk = &snapshot->disks[snapshot->disk_count++];
        disk->name = query_column_text(&query);
        disk->bytes = (uint64_t)query_column_number(&query);
    }
    return query_close(&query);
}

bool snapshot_table_list(struct store *store, int64_t instance, struct store_snapshots *snapshots,
                         struct error *error) {
    struct query query;
    if (!query_open(store, SNAPSHOT_LIST, &query, error))
        return false;
    query_bind_number(&query, instance);
    while (query_row(&query, error)) {
        snapshots->items =
            alloc_resize(snapshots->items, (snapshots->count + 1) * sizeof *snapshots->items);
        read_snapshot(&query, &snapshots->items[snapshots->count++]);
    }
    bool good = query_close(&query);
    for (size_t i = 0; good && i < snapshots->count; i++)
        good = list_disks(store, &snapshots->items[i], error);
    if (!good)
        store_snapshots_done(snapshots);
    return good;
}

static bool add_disk(struct store *store, const struct store_snapshot *snapshot,
                     const struct store_snapshot_disk *disk, struct error *error) {
    struct query query;
    if (!query_open(store, SNAPSHOT_ADD_DISK, &query, error))
        return false;
    query_bind_number(&query, snapshot->instance);
    query_bind_text(&query, snapshot->name);
    query_bind_text(&query, disk->name);
    query_bind_number(&query, (int64_t)disk->bytes);
    return query_finish(&query, error);
}

bool snapshot_table_add(struct store *store, const struct store_snapshot *snapshot,
                        struct error *error) {
    struct query query;
    if (!query_open(store, SNAPSHOT_ADD, &query, error))
        return false;
    query_bind_number(&query, snapshot->instance);
    query_bind_text(&query, snapshot->name);
    query_bind_text(&query, store_snapshot_state_word(snapshot->state));
    query_bind_text(&query, store_snapshot_origin_word(snapshot->origin));
    query_bind_text(&query, store_snapshot_consistency_word(snapshot->consistency));
    query_bind_text(&query, snapshot->comment);
    query_bind_number(&query, snapshot->created_ms);
    query_bind_number(&query, snapshot->has_guest);
    query_bind_number(&query, snapshot->guest.phoned_home_ms);
    query_bind_text(&query, snapshot->guest.hostname);
    query_bind_text(&query, snapshot->guest.instance_id);
    query_bind_text(&query, snapshot->guest.host_keys);
    query_bind_number(&query, snapshot->guest.trusts_cache);
    query_bind_text(&query, snapshot->identity);
    bool good = query_finish(&query, error);
    for (size_t i = 0; good && i < snapshot->disk_count; i++)
        good = add_disk(store, snapshot, &snapshot->disks[i], error);
    return good;
}

bool snapshot_table_set_state(struct store *store, const struct store_snapshot *snapshot,
                              struct error *error) {
    struct query query;
    if (!query_open(store, SNAPSHOT_SET_STATE, &query, error))
        return false;
    query_bind_number(&query, snapshot->instance);
    query_bind_text(&query, snapshot->name);
    query_bind_text(&query, store_snapshot_state_word(snapshot->state));
    query_bind_text(&query, store_snapshot_consistency_word(snapshot->consistency));
    return query_finish(&query, error);
}

bool snapshot_table_remove(struct store *store, const struct store_snapshot *snapshot,
                           struct error *error) {
    struct query query;
    if (!query_open(store, SNAPSHOT_REMOVE, &query, error))
        return false;
    query_bind_number(&query, snapshot->instance);
    query_bind_text(&query, snapshot->name);
    return query_finish(&query, error);
}

void store_snapshot_done(struct store_snapshot *snapshot) {
    free(snapshot->instance_name);
    free(snapshot->name);
    free(snapshot->comment);
    free(snapshot->identity);
    store_guest_done(&snapshot->guest);
    for (size_t i = 0; i < snapshot->disk_count; i++)
        free(snapshot->disks[i].name);
    free(snapshot->disks);
    *snapshot = (struct store_snapshot){0};
}

void store_snapshots_done(struct store_snapshots *snapshots) {
    for (size_t i = 0; i < snapshots->count; i++)
        store_snapshot_done(&snapshots->items[i]);
    free(snapshots->items);
    *snapshots = (struct store_snapshots){0};
}
