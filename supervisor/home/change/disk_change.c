#include "home/change/disk_change.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "home/instance/definition.h"
#include "home/instance/regenerate.h"
#include "home/layout.h"
#include "host/qemu_img.h"
#include "store/transaction.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* --- adding --- */

static bool check_name(const char *name, struct error *error) {
    return name_check_label("disk name", name, error) &&
           (strlen(name) <= SPEC_DISK_NAME_MAX ||
            error_set(
                error, ERROR_INVALID,
                "\"%s\" is too long for the name of a disk: virtio shows its guest at most %d "
                "characters",
                name, SPEC_DISK_NAME_MAX));
}

static bool check_room(const struct store_disks *disks, const struct store_instance *instance,
                       const char *name, struct error *error) {
    for (size_t i = 0; i < disks->count; i++)
        if (strcmp(disks->items[i].name, name) == 0)
            return error_set(error, ERROR_EXISTS,
                             "there is a disk \"%s\" of \"%s\" already: choose another name", name,
                             instance->name);
    return disks->count < SPEC_DISKS_MAX ||
           error_set(error, ERROR_EXISTS, "\"%s\" has %d extra disks, which is all it can have",
                     instance->name, SPEC_DISKS_MAX);
}

static bool make_file(struct home *home, const struct store_instance *instance,
                      const struct store_disk *disk, struct error *error) {
    scoped(alloc_release) char *path = layout_extra_disk(home, instance->name, disk->name);
    if (file_exists(path))
        return error_set(error, ERROR_EXISTS,
                         "%s is in the way, but of no instance: move it away or delete it", path);
    if (!disk_create(path, disk->bytes, error))
        return false;
    if (home_give(home, path, error) && disk_table_add(home->store, disk, error) &&
        instance_regenerate(home, instance->name, error) && store_commit(home->store, error))
        return true;
    unlink(path);
    return false;
}

static bool add(struct home *home, struct store_instance *instance, struct store_disk *disk,
                struct error *error) {
    struct store_disks disks = {0};
    bool good = disk_table_list(home->store, instance->id, &disks, error) &&
                check_room(&disks, instance, disk->name, error) &&
                make_file(home, instance, disk, error);
    store_disks_done(&disks);
    return good;
}

bool extra_disk_add(struct home *home, const char *name, const char *disk_name, const char *size,
                    struct error *error) {
    struct store_instance instance = {0};
    struct store_disk disk = {.name = (char *)disk_name, .created_ms = clock_wall_ms()};
    if (!check_name(disk_name, error) || !definition_parse_disk(size, &disk.bytes, error) ||
        !store_begin(home->store, error))
        return false;
    bool good = instance_table_get(home->store, name, &instance, error);
    disk.instance = instance.id;
    good = good && add(home, &instance, &disk, error);
    if (!good)
        instance_regenerate_undo(home, name);
    store_instance_done(&instance);
    return good;
}

/* --- removal --- */

static bool remove_row(struct home *home, const struct store_instance *instance, const char *name,
                       struct error *error) {
    bool found = false;
    if (!disk_table_remove(home->store, instance->id, name, &found, error))
        return false;
    return found || error_set(error, ERROR_NOT_FOUND,
                              "\"%s\" has no disk \"%s\": `pgsup disk list %s` shows all",
                              instance->name, name, instance->name);
}

/* The row goes first: a file without one is in nobody's way, a row without its file stops a start.
 */
bool extra_disk_remove(struct home *home, const struct store_instance *instance, const char *name,
                       struct error *error) {
    scoped(alloc_release) char *path = layout_extra_disk(home, instance->name, name);
    if (!store_begin(home->store, error))
        return false;
    if (!remove_row(home, instance, name, error) ||
        !instance_regenerate(home, instance->name, error) || !store_commit(home->store, error)) {
        instance_regenerate_undo(home, instance->name);
        return false;
    }
    return unlink(path) == 0 || errno == ENOENT || error_errno(error, "cannot remove %s", path);
}
