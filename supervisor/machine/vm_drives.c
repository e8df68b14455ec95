#include "machine/vm_drives.h"

#include "base/alloc.h"
#include "machine/core/qemu_argv.h"

#include <stdlib.h>

#define REAL "real-"

static void add(struct vm_drives *drives, char *node, const char *path, bool read_only) {
    drives->items[drives->count++] = (struct vm_drive){node, alloc_string(path), read_only};
}

void vm_drives_fill(const struct spec *spec, struct vm_drives *drives) {
    add(drives, alloc_string(QEMU_ARGV_DISK), spec->disk, false);
    if (qemu_argv_seeds_by_drive(spec, QEMU_ARGV_SUPERVISED))
        add(drives, alloc_string(QEMU_ARGV_SEED), spec->seed_drive, true);
    for (size_t i = 0; i < spec->disk_count && i < SPEC_DISKS_MAX; i++)
        add(drives, alloc_printf("disk-%s", spec->disks[i].name), spec->disks[i].path, false);
}

void vm_drives_done(struct vm_drives *drives) {
    for (size_t i = 0; i < drives->count; i++) {
        free(drives->items[i].node);
        free(drives->items[i].path);
    }
    drives->count = 0;
}

static void put(json_t *object, const char *key, const char *value) {
    json_object_set_new(object, key, json_string(value));
}

json_t *vm_drive_add(const struct vm_drive *drive) {
    scoped(alloc_release) char *name = alloc_printf(REAL "%s", drive->node);
    json_t *node = json_object(), *file = json_object();
    put(file, "driver", "file");
    put(file, "filename", drive->path);
    put(node, "driver", drive->read_only ? "raw" : "qcow2");
    put(node, "node-name", name);
    if (drive->read_only) {
        json_object_set_new(node, "read-only", json_true());
    } else {
        put(node, "discard", "unmap");
        put(file, "discard", "unmap");
    }
    json_object_set_new(node, "file", file);
    return node;
}

json_t *vm_drive_reopen(const struct vm_drive *drive) {
    scoped(alloc_release) char *name = alloc_printf(REAL "%s", drive->node);
    json_t *node = json_object(), *list = json_array(), *arguments = json_object();
    put(node, "driver", "raw");
    put(node, "node-name", drive->node);
    put(node, "file", name);
    if (drive->read_only)
        json_object_set_new(node, "read-only", json_true());
    else
        put(node, "discard", "unmap");
    json_array_append_new(list, node);
    json_object_set_new(arguments, "options", list);
    return arguments;
}
