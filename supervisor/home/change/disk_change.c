#include "home/change/disk_change.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "home/facts.h"
#include "home/instance/definition.h"
#include "home/instance/regenerate.h"
#include "home/layout.h"
#include "home/snapshot/snapshot_hold.h"
#include "home/snapshot/suspension.h"
#include "host/qemu_img.h"
#include "machine/core/spec.h"

#include <errno.h>
#include <fcntl.h>
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
                             "the disk \"%s\" of \"%s\" exists already: choose another name", name,
                             instance->name);
    return disks->count < SPEC_DISKS_MAX ||
           error_set(error, ERROR_EXISTS, "\"%s\" has %d extra disks, which is the maximum",
                     instance->name, SPEC_DISKS_MAX);
}

struct addition {
    struct store_disk disk;
    bool rehearses;
    char *made;   /* the path of its file, once that was made */
    char *marker; /* the path of an empty file that is there meanwhile */
};

/* Beside a disk's file until its row is written for good: a file that has it but no row is what a
 * killed process left. */
static char *marker_of(const struct home *home, const char *instance, const char *disk) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance);
    return alloc_printf("%s/.disk-%s.incomplete", folder, disk);
}

/* In one call, so that nothing else of it can be left. */
static bool put_marker(const char *path, struct error *error) {
    scoped(file_release) int fd =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    return fd >= 0 || error_errno(error, "cannot create %s", path);
}

/* The store is locked and has no row of it, so nobody can be making this one now. */
static bool clear_way(const char *path, const char *marker, struct error *error) {
    if (!file_exists(path))
        return true;
    if (file_exists(marker))
        return unlink(path) == 0 || error_errno(error, "cannot remove %s", path);
    return error_set(error, ERROR_EXISTS, "%s exists but belongs to no instance: move or delete it",
                     path);
}

static bool make_file(struct home *home, const char *instance, struct addition *addition,
                      struct error *error) {
    scoped(alloc_release) char *path = layout_extra_disk(home, instance, addition->disk.name);
    addition->marker = marker_of(home, instance, addition->disk.name);
    if (!clear_way(path, addition->marker, error) || !put_marker(addition->marker, error) ||
        !qemu_img_create(path, addition->disk.bytes, error))
        return false;
    addition->made = alloc_string(path);
    return true;
}

/* Of those whose row is written, and whose maker was killed before it removed the marker. */
static void sweep_markers(const struct home *home, const struct instance_facts *facts) {
    for (size_t i = 0; i < facts->disks.count; i++) {
        scoped(alloc_release) char *marker =
            marker_of(home, facts->instance.name, facts->disks.items[i].name);
        unlink(marker);
    }
}

static bool disk_add_row(struct home *home, struct instance_facts *facts, void *context,
                         struct error *error) {
    struct addition *addition = context;
    addition->disk.instance = facts->instance.id;
    if (!addition->rehearses)
        sweep_markers(home, facts);
    return suspension_check_none(home, facts->instance.name, error) &&
           check_room(&facts->disks, &facts->instance, addition->disk.name, error) &&
           (addition->rehearses || make_file(home, facts->instance.name, addition, error)) &&
           disk_table_add(home->store, &addition->disk, error);
}

static void undo_add(const struct home *home, void *context) {
    const struct addition *addition = context;
    (void)home;
    if (addition->made)
        unlink(addition->made);
    if (addition->marker)
        unlink(addition->marker);
}

bool disk_change_add(struct home_edit *edit, const char *name, const char *size,
                     struct error *error) {
    struct addition addition = {.disk = {.name = (char *)name, .created_ms = clock_wall_ms()},
                                .rehearses = edit->rehearses};
    const struct home_edit_change change = {disk_add_row, undo_add, &addition};
    bool good = check_name(name, error) &&
                definition_check_disk(size, &addition.disk.bytes, error) &&
                home_edit(edit, &change, error);
    if (addition.marker)
        unlink(addition.marker);
    alloc_release(&addition.made);
    alloc_release(&addition.marker);
    return good;
}

/* --- removal --- */

static bool remove_row(struct home *home, struct instance_facts *facts, void *context,
                       struct error *error) {
    const char *name = context, *instance = facts->instance.name;
    bool found = false;
    if (!snapshot_hold_check_disk(home, &facts->instance, name, error) ||
        !disk_table_remove(home->store, facts->instance.id, name, &found, error))
        return false;
    return found || error_set(error, ERROR_NOT_FOUND,
                              "\"%s\" has no disk \"%s\": `pgsup disk list %s` shows its disks",
                              instance, name, instance);
}

/* The row goes first: a file without one is in nobody's way, a row without its file stops a start.
 */
bool disk_change_remove(struct home_edit *edit, const char *name, struct error *error) {
    const struct home_edit_change change = {.apply = remove_row, .context = (void *)name};
    scoped(alloc_release) char *path = layout_extra_disk(edit->home, edit->instance, name);
    scoped(alloc_release) char *marker = marker_of(edit->home, edit->instance, name);
    if (!home_edit(edit, &change, error))
        return false;
    unlink(marker);
    return unlink(path) == 0 || errno == ENOENT || error_errno(error, "cannot remove %s", path);
}
