#include "home/snapshot/snapshot.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lock_holder.h"
#include "home/layout.h"
#include "home/snapshot/kept_files.h"
#include "home/snapshot/snapshot_name.h"
#include "home/unfinished.h"
#include "host/disk_snapshot.h"
#include "host/qemu_img.h"
#include "store/event_table.h"
#include "store/transaction.h"

#include <string.h>

/* --- disks --- */

char *snapshot_disk_path(const struct home *home, const char *instance, const char *disk) {
    return disk[0] ? layout_extra_disk(home, instance, disk) : layout_os_disk(home, instance);
}

static bool idle_drop(void *context, const char *disk, const char *name, struct error *error) {
    const struct snapshot_idle *idle = context;
    scoped(alloc_release) char *path = snapshot_disk_path(idle->home, idle->instance, disk);
    return disk_snapshot_remove(path, name, error);
}

static bool idle_make(void *context, struct store_snapshot *snapshot, struct error *error) {
    const struct snapshot_idle *idle = context;
    for (size_t i = 0; i < snapshot->disk_count; i++) {
        scoped(alloc_release) char *path =
            snapshot_disk_path(idle->home, idle->instance, snapshot->disks[i].name);
        if (!disk_snapshot_create(path, snapshot->name, error))
            return false;
    }
    return true;
}

void snapshot_disks_idle(const struct snapshot_idle *idle, struct snapshot_disks *disks) {
    *disks = (struct snapshot_disks){(void *)idle, false, idle_make, idle_drop};
}

bool snapshot_look(const struct home *home, const struct store_snapshot *snapshot,
                   struct strv *missing, struct error *error) {
    for (size_t i = 0; i < snapshot->disk_count; i++) {
        const char *disk = snapshot->disks[i].name;
        struct disk_snapshots present = {0};
        scoped(alloc_release) char *path = snapshot_disk_path(home, snapshot->instance_name, disk);
        bool good = !file_exists(path) || disk_snapshots_read(path, &present, error);
        if (good && !disk_snapshots_have(&present, snapshot->name))
            strv_push(missing, disk);
        disk_snapshots_done(&present);
        if (!good)
            return false;
    }
    return true;
}

bool snapshot_lock(const struct home *home, const char *instance, int *lock, struct error *error) {
    scoped(alloc_release) char *folder = kept_files_folder(home, instance);
    if (!home_make_folder(home, folder, error))
        return false;
    scoped(alloc_release) char *what = alloc_printf("the snapshots of \"%s\"", instance);
    *lock = file_lock_folder(folder);
    return *lock >= 0 || lock_holder_explain(folder, what, error);
}

/* --- rows --- */

static bool tell_event(const struct snapshot_task *task, const char *name, const char *what,
                       struct error *error) {
    scoped(alloc_release) char *text = alloc_printf("\"%s\" %s", name, what);
    const struct store_event event = {.instance = task->instance->id,
                                      .at_ms = clock_wall_ms(),
                                      .kind = STORE_EVENT_SNAPSHOT,
                                      .text = text};
    return event_table_add(task->home->store, &event, error);
}

bool snapshot_set_state(const struct snapshot_task *task, struct store_snapshot *snapshot,
                        enum store_snapshot_state state, const char *told, struct error *error) {
    struct store *store = task->home->store;
    snapshot->state = state;
    return store_begin(store, error) &&
           store_end(store,
                     snapshot_table_set_state(store, snapshot, error) &&
                         (!told || tell_event(task, snapshot->name, told, error)),
                     error);
}

/* --- make --- */

static bool add_disk(const struct snapshot_task *task, const char *disk,
                     struct store_snapshot *snapshot, struct error *error) {
    struct disk_snapshots present = {0};
    scoped(alloc_release) char *path = snapshot_disk_path(task->home, task->instance->name, disk);
    bool good = disk_snapshots_read(path, &present, error);
    if (good && disk_snapshots_have(&present, snapshot->name))
        good = error_set(error, ERROR_EXISTS,
                         "%s has a snapshot \"%s\" that pgsup did not make: choose another name",
                         path, snapshot->name);
    if (good) {
        snapshot->disks =
            alloc_resize(snapshot->disks, (snapshot->disk_count + 1) * sizeof *snapshot->disks);
        snapshot->disks[snapshot->disk_count++] =
            (struct store_snapshot_disk){alloc_string(disk), present.virtual_bytes};
    }
    disk_snapshots_done(&present);
    return good;
}

/* Disks that a running VM was not started with are not in it: they have no data yet. */
static bool gather(const struct snapshot_task *task, struct store_snapshot *snapshot,
                   struct error *error) {
    struct store *store = task->home->store;
    struct store_disks disks = {0};
    bool good = disk_table_list(store, task->instance->id, &disks, error) &&
                guest_table_get(store, task->instance->id, &snapshot->guest, error) &&
                add_disk(task, "", snapshot, error);
    for (size_t i = 0; good && i < disks.count; i++)
        good = add_disk(task, disks.items[i].name, snapshot, error);
    snapshot->has_guest =
        snapshot->guest.phoned_home_ms || snapshot->guest.host_keys || snapshot->guest.trusts_cache;
    snapshot->instance = task->instance->id;
    alloc_replace(&snapshot->instance_name, alloc_string(task->instance->name));
    alloc_replace(&snapshot->identity, alloc_string(task->instance->instance_id));
    snapshot->created_ms = clock_wall_ms();
    snapshot->state = STORE_SNAPSHOT_MAKING;
    snapshot->consistency = task->disks.runs ? STORE_SNAPSHOT_CRASH : STORE_SNAPSHOT_STOPPED;
    store_disks_done(&disks);
    return good;
}

static bool check_new(const struct snapshot_task *task, const char *name, struct error *error) {
    struct store_snapshots list = {0};
    bool good = snapshot_name_check(name, error) &&
                snapshot_table_list(task->home->store, task->instance->id, &list, error);
    if (good && snapshot_name_find(&list, name))
        good = error_set(error, ERROR_EXISTS,
                         "\"%s\" has a snapshot \"%s\" already: choose another name, or remove it "
                         "by `pgsup snapshot remove %s %s`",
                         task->instance->name, name, task->instance->name, name);
    store_snapshots_done(&list);
    return good;
}

static bool record_new(const struct snapshot_task *task, const struct store_snapshot *snapshot,
                       struct error *error) {
    struct store *store = task->home->store;
    return store_begin(store, error) &&
           store_end(store, snapshot_table_add(store, snapshot, error), error);
}

static const char *made_words(const struct store_snapshot *snapshot) {
    switch (snapshot->consistency) {
    case STORE_SNAPSHOT_FROZEN: return "created, with frozen file systems";
    case STORE_SNAPSHOT_STOPPED: return "created";
    case STORE_SNAPSHOT_CRASH: break;
    }
    return "created, crash-consistent";
}

static bool make_all(const struct snapshot_task *task, struct store_snapshot *snapshot,
                     struct error *error) {
    return kept_files_save(task->home, task->instance, snapshot->name, error) &&
           task->disks.make(task->disks.context, snapshot, error) &&
           snapshot_set_state(task, snapshot, STORE_SNAPSHOT_KEPT, made_words(snapshot), error);
}

bool snapshot_make(const struct snapshot_task *task, struct store_snapshot *snapshot,
                   struct error *error) {
    struct error unsettled = {0};
    if (!check_new(task, snapshot->name, error) || !gather(task, snapshot, error) ||
        !record_new(task, snapshot, error))
        return false;
    if (make_all(task, snapshot, error))
        return true;
    /* QEMU may still make it then. */
    bool comes_late = task->disks.runs && error && error->code == ERROR_TIMEOUT;
    if (comes_late || !snapshot_finish_remove(task, snapshot, &unsettled))
        error_prefix(error, "what was begun of the snapshot \"%s\" is completed or undone later",
                     snapshot->name);
    return false;
}

/* --- remove --- */

bool snapshot_finish_remove(const struct snapshot_task *task, const struct store_snapshot *snapshot,
                            struct error *error) {
    scoped(strv_done) struct strv missing = {0};
    scoped(alloc_release) char *folder =
        kept_files_path(task->home, task->instance->name, snapshot->name);
    bool good = snapshot_look(task->home, snapshot, &missing, error);
    for (size_t i = 0; good && i < snapshot->disk_count; i++) {
        const char *disk = snapshot->disks[i].name;
        bool absent = false;
        for (size_t j = 0; j < missing.count; j++)
            absent |= strcmp(missing.items[j], disk) == 0;
        good = absent || task->disks.drop(task->disks.context, disk, snapshot->name, error);
    }
    return good && file_remove_tree(folder, error) &&
           snapshot_table_remove(task->home->store, snapshot, error);
}

bool snapshot_remove(const struct snapshot_task *task, struct store_snapshot *snapshot,
                     struct error *error) {
    return snapshot_set_state(task, snapshot, STORE_SNAPSHOT_REMOVING, "removed", error) &&
           (snapshot_finish_remove(task, snapshot, error) ||
            error_prefix(error, "the snapshot \"%s\" is removed later", snapshot->name));
}

/* --- restore --- */

static bool restore_sizes(const struct snapshot_task *task, const struct store_snapshot *snapshot,
                          struct error *error) {
    struct store *store = task->home->store;
    bool good = true;
    for (size_t i = 0; good && i < snapshot->disk_count; i++) {
        const struct store_snapshot_disk *disk = &snapshot->disks[i];
        const struct store_disk row = {
            .instance = task->instance->id, .name = disk->name, .bytes = disk->bytes};
        good = disk->name[0] ? disk_table_resize(store, &row, error)
                             : instance_table_set_disk(store, row.instance, row.bytes, error);
    }
    return good;
}

/* cloud-init may have been told to run again since: the disk knows nothing of that. */
static bool restore_identity(const struct snapshot_task *task,
                             const struct store_snapshot *snapshot, struct error *error) {
    struct store_instance instance = *task->instance;
    instance.instance_id = snapshot->identity;
    return instance_table_set_identity(task->home->store, &instance, error);
}

/* Its address, and how it was provisioned, are of today. */
static bool restore_guest(const struct snapshot_task *task, const struct store_snapshot *snapshot,
                          struct error *error) {
    struct store *store = task->home->store;
    struct store_guest guest = {0};
    const struct store_guest *kept = &snapshot->guest;
    if (!snapshot->has_guest)
        return guest_table_remove(store, task->instance->id, error);
    bool good = guest_table_get(store, task->instance->id, &guest, error);
    guest.phoned_home_ms = kept->phoned_home_ms;
    alloc_replace(&guest.instance_id, alloc_string(kept->instance_id));
    alloc_replace(&guest.hostname, alloc_string(kept->hostname));
    alloc_replace(&guest.host_keys, alloc_string(kept->host_keys));
    alloc_replace(&guest.host_key_problem, NULL);
    good = good && guest_table_put(store, task->instance->id, &guest, error) &&
           guest_table_set_trust(store, task->instance->id, kept->trusts_cache, error);
    store_guest_done(&guest);
    return good;
}

static bool restore_disks(const struct snapshot_task *task, const struct store_snapshot *snapshot,
                          struct error *error) {
    for (size_t i = 0; i < snapshot->disk_count; i++) {
        scoped(alloc_release) char *path =
            snapshot_disk_path(task->home, task->instance->name, snapshot->disks[i].name);
        if (!disk_snapshot_apply(path, snapshot->name, error))
            return false;
    }
    return true;
}

static bool restore_rows(const struct snapshot_task *task, struct store_snapshot *snapshot,
                         struct error *error) {
    snapshot->state = STORE_SNAPSHOT_KEPT;
    return kept_files_restore(task->home, task->instance, snapshot->name, error) &&
           restore_sizes(task, snapshot, error) && restore_identity(task, snapshot, error) &&
           restore_guest(task, snapshot, error) &&
           snapshot_table_set_state(task->home->store, snapshot, error) &&
           tell_event(task, snapshot->name, "restored", error);
}

bool snapshot_finish_restore(const struct snapshot_task *task, struct store_snapshot *snapshot,
                             struct error *error) {
    struct store *store = task->home->store;
    return restore_disks(task, snapshot, error) && store_make_lasting(store, error) &&
           store_begin(store, error) &&
           store_end(store, restore_rows(task, snapshot, error), error);
}

bool snapshot_check_whole(const struct snapshot_task *task, const struct store_snapshot *snapshot,
                          struct error *error) {
    scoped(strv_done) struct strv missing = {0};
    if (!snapshot_look(task->home, snapshot, &missing, error))
        return false;
    if (missing.count == 0)
        return kept_files_check(task->home, task->instance->name, snapshot->name, error);
    scoped(alloc_release) char *path =
        snapshot_disk_path(task->home, task->instance->name, missing.items[0]);
    return error_set(error, ERROR_WRONG_STATE,
                     "the snapshot \"%s\" is not in %s any more, so that it cannot be restored: "
                     "`pgsup snapshot remove %s %s` forgets it",
                     snapshot->name, path, task->instance->name, snapshot->name);
}

/* What would stop qemu-img when it has begun. */
static bool check_disk_free(const struct snapshot_task *task, const char *disk,
                            struct error *error) {
    struct disk_snapshots present = {0};
    scoped(alloc_release) char *path = snapshot_disk_path(task->home, task->instance->name, disk);
    bool good =
        qemu_img_check_unlocked(path, path, error) && disk_snapshots_read(path, &present, error);
    if (good && present.has_bitmaps)
        good =
            error_set(error, ERROR_WRONG_STATE,
                      "%s has dirty bitmaps, beside which QEMU restores nothing: `qemu-img info` "
                      "names them, and `qemu-img bitmap --remove` removes one",
                      path);
    disk_snapshots_done(&present);
    return good;
}

bool snapshot_check_restore(const struct snapshot_task *task, const struct store_snapshot *snapshot,
                            struct error *error) {
    bool good = snapshot_check_whole(task, snapshot, error);
    for (size_t i = 0; good && i < snapshot->disk_count; i++)
        good = check_disk_free(task, snapshot->disks[i].name, error);
    return good;
}

/* Others that could not be completed are given up: their disks are overwritten now. */
static bool begin_restore(const struct snapshot_task *task, struct store_snapshot *snapshot,
                          struct error *error) {
    struct store *store = task->home->store;
    struct store_snapshots list = {0};
    bool good = snapshot_table_list(store, task->instance->id, &list, error);
    for (size_t i = 0; good && i < list.count; i++) {
        struct store_snapshot *other = &list.items[i];
        if (other->state != STORE_SNAPSHOT_RESTORING || strcmp(other->name, snapshot->name) == 0)
            continue;
        other->state = STORE_SNAPSHOT_KEPT;
        good = snapshot_table_set_state(store, other, error) &&
               tell_event(task, other->name, "is not restored: another one is", error);
    }
    store_snapshots_done(&list);
    snapshot->state = STORE_SNAPSHOT_RESTORING;
    return good && snapshot_table_set_state(store, snapshot, error);
}

/* Recorded: from now on it is completed by whoever comes. */
static bool record_restore(const struct snapshot_task *task, struct store_snapshot *snapshot,
                           struct error *error) {
    struct store *store = task->home->store;
    const char *name = task->instance->name;
    bool was_unfinished = unfinished_is_marked(task->home, name);
    if (unfinished_mark(task->home, name, error) && store_make_lasting(store, error) &&
        store_begin(store, error) && store_end(store, begin_restore(task, snapshot, error), error))
        return true;
    if (!was_unfinished)
        unfinished_clear(task->home, name, NULL);
    return false;
}

bool snapshot_restore(const struct snapshot_task *task, struct store_snapshot *snapshot,
                      struct error *error) {
    return record_restore(task, snapshot, error) &&
           (snapshot_finish_restore(task, snapshot, error) ||
            error_prefix(
                error,
                "the restore of \"%s\" is not complete, and is completed by the next start "
                "or `pgsup snapshot list %s`",
                snapshot->name, task->instance->name));
}
