#include "home/snapshot/snapshot_hold.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/name.h"
#include "store/snapshot_table.h"

#include <string.h>

bool snapshot_hold_check_none(struct home *home, const struct store_instance *instance,
                              struct error *error) {
    struct store_snapshots list = {0};
    if (!snapshot_table_list(home->store, instance->id, &list, error))
        return false;
    size_t count = list.count;
    store_snapshots_done(&list);
    return count == 0 ||
           error_set(
               error, ERROR_WRONG_STATE,
               "\"%s\" has %zu snapshot%s, which would be lost with its disk: `pgsup snapshot "
               "remove %s --all` removes %s first",
               instance->name, count, name_plural(count), instance->name,
               count == 1 ? "it" : "them");
}

static bool has_disk(const struct store_snapshot *snapshot, const char *disk) {
    for (size_t i = 0; i < snapshot->disk_count; i++)
        if (strcmp(snapshot->disks[i].name, disk) == 0)
            return true;
    return false;
}

bool snapshot_hold_check_disk(struct home *home, const struct store_instance *instance,
                              const char *disk, struct error *error) {
    struct store_snapshots list = {0};
    scoped(buffer_done) struct buffer names = {0};
    if (!snapshot_table_list(home->store, instance->id, &list, error))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (has_disk(&list.items[i], disk))
            buffer_printf(&names, " %s", list.items[i].name);
    store_snapshots_done(&list);
    return names.length == 0 ||
           error_set(error, ERROR_WRONG_STATE,
                     "snapshots of \"%s\" hold the disk \"%s\": `pgsup snapshot remove %s%s` comes "
                     "first",
                     instance->name, disk, instance->name, names.data);
}
