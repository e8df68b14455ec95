#include "live_snapshot.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "cli/link/disk_nodes.h"
#include "cli/link/guest_freeze.h"
#include "host/disk_snapshot.h"
#include "machine/core/qemu_argv.h"

#include <jansson.h>
#include <string.h>

/* disk: as the snapshot calls it. Caller frees. */
static char *find_node(const json_t *nodes, const char *disk) {
    scoped(alloc_release) char *name =
        disk[0] ? alloc_printf("disk-%s", disk) : alloc_string(QEMU_ARGV_DISK);
    return disk_nodes_find(nodes, name);
}

/* qapi/block-core.json, BlockdevSnapshotInternal. */
static json_t *snapshot_arguments(const char *node, const char *name) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, "device", json_string(node));
    json_object_set_new(arguments, "name", json_string(name));
    return arguments;
}

/* Disks without a node are made at once: nothing writes to them. */
static bool collect(const struct live_snapshot *live, const json_t *nodes,
                    const struct store_snapshot *snapshot, json_t *actions, struct error *error) {
    const char *name = snapshot->name;
    for (size_t i = 0; i < snapshot->disk_count; i++) {
        const char *disk = snapshot->disks[i].name;
        scoped(alloc_release) char *node = find_node(nodes, disk);
        scoped(alloc_release) char *path =
            snapshot_disk_path(live->home, live->running->name, disk);
        if (!node && !disk_snapshot_create(path, name, error))
            return false;
        if (!node)
            continue;
        json_t *action = json_object();
        json_object_set_new(action, "type", json_string("blockdev-snapshot-internal-sync"));
        json_object_set_new(action, "data", snapshot_arguments(node, name));
        json_array_append_new(actions, action);
    }
    return true;
}

static bool transact(const struct live_snapshot *live, json_t *actions, struct error *error) {
    json_t *arguments = json_object();
    json_object_set(arguments, "actions", actions);
    json_t *answer = offline_command(live->offline, "transaction", arguments, error);
    bool good = answer != NULL;
    json_decref(answer);
    return good ||
           error_prefix(error, "the QEMU of %s does not make the snapshot", live->running->name);
}

/* Frozen all the time or not; unfrozen says why. */
static bool transact_frozen(struct live_snapshot *live, json_t *actions, bool *frozen,
                            struct error *error) {
    const struct guest_freeze_target target = {.home = live->home,
                                               .instance = live->instance,
                                               .running = live->running,
                                               .offline = live->offline};
    uint64_t began_ms = clock_monotonic_ms();
    error_clear(&live->unfrozen);
    if (live->freeze == LIVE_SNAPSHOT_NEVER)
        error_set(&live->unfrozen, ERROR_FAILED,
                  "its file systems were not frozen, as was asked for");
    struct guest_freeze *freeze =
        live->freeze == LIVE_SNAPSHOT_NEVER ? NULL : guest_freeze_begin(&target, &live->unfrozen);
    bool wanted = freeze || live->freeze != LIVE_SNAPSHOT_MUST;
    bool good = wanted && transact(live, actions, error);
    *frozen = guest_freeze_end(freeze, &live->unfrozen);
    live->frozen_ms = clock_monotonic_ms() - began_ms;
    if ((wanted && !good) || *frozen || live->freeze != LIVE_SNAPSHOT_MUST)
        return good;
    return error_set(error, ERROR_FAILED,
                     "the snapshot would be crash-consistent, and was not made: %s; without "
                     "--freeze-required it is made all the same",
                     live->unfrozen.text);
}

static bool live_make(void *context, struct store_snapshot *snapshot, struct error *error) {
    struct live_snapshot *live = context;
    json_t *nodes = disk_nodes_list(live->offline, error), *actions = json_array();
    bool frozen = false;
    bool good = nodes && collect(live, nodes, snapshot, actions, error) &&
                transact_frozen(live, actions, &frozen, error);
    if (frozen)
        snapshot->consistency = STORE_SNAPSHOT_FROZEN;
    json_decref(nodes);
    json_decref(actions);
    return good;
}

static bool live_drop(void *context, const char *disk, const char *name, struct error *error) {
    const struct live_snapshot *live = context;
    json_t *nodes = disk_nodes_list(live->offline, error);
    if (!nodes)
        return false;
    scoped(alloc_release) char *node = find_node(nodes, disk);
    json_decref(nodes);
    if (!node) {
        scoped(alloc_release) char *path =
            snapshot_disk_path(live->home, live->running->name, disk);
        return disk_snapshot_remove(path, name, error);
    }
    json_t *answer = offline_command(live->offline, "blockdev-snapshot-delete-internal-sync",
                                     snapshot_arguments(node, name), error);
    bool good = answer != NULL;
    json_decref(answer);
    return good || error_prefix(error, "the QEMU of %s does not remove the snapshot \"%s\"",
                                live->running->name, name);
}

void live_snapshot_disks(struct live_snapshot *live, struct snapshot_disks *disks) {
    *disks = (struct snapshot_disks){live, true, live_make, live_drop};
}
