#include "home/backup/backup_compare.h"

#include "base/alloc.h"
#include "home/backup/backup_check.h"
#include "home/images/image.h"
#include "home/layout.h"
#include "host/qcow2_file.h"
#include "host/qemu_img.h"

#include <string.h>

bool backup_compare_find(struct home *home, const struct backup_manifest *manifest,
                         struct store_instance *instance, struct error *error) {
    struct store_instances all = {0};
    bool found = false;
    if (!instance_table_list(home->store, &all, error))
        return false;
    for (size_t i = 0; i < all.count && !found; i++) {
        found = strcmp(all.items[i].uuid, manifest->facts.instance.uuid) == 0;
        if (found) {
            *instance = all.items[i];
            all.items[i] = (struct store_instance){0};
        }
    }
    store_instances_done(&all);
    return found || error_set(error, ERROR_NOT_FOUND,
                              "the machine of the backup, \"%s\", is not in this home",
                              manifest->facts.instance.name);
}

static bool compare_disk(const struct qemu_img_chain *backup, const char *disk, const char *image,
                         struct error *error) {
    struct qcow2_header header;
    bool same;
    if (!qcow2_file_read(disk, disk, &header, error))
        return false;
    const struct qemu_img_chain now = {disk, *header.backing ? image : NULL};
    if (!qemu_img_compare(backup, &now, &same, error))
        return error_prefix(error, "cannot compare %s", backup->path);
    return same || error_set(error, ERROR_INVALID,
                             "%s differs from %s: the guest has written to it since, or the backup "
                             "is of another time",
                             backup->path, disk);
}

bool backup_compare(struct home *home, const struct store_instance *instance, const char *folder,
                    const struct backup_manifest *manifest, struct error *error) {
    struct store_image image = {0};
    bool good = image_table_get(home->store, instance->image, &image, error);
    scoped(alloc_release) char *backing = good ? image_path(home, &image) : NULL;
    for (size_t i = 0; good && i < manifest->file_count; i++) {
        const struct backup_file *file = &manifest->files[i];
        if (!backup_check_is_disk(file->path))
            continue;
        scoped(alloc_release) char *copy = alloc_printf("%s/%s", folder, file->path);
        scoped(alloc_release) char *disk = layout_file(home, instance->name, file->path);
        const struct qemu_img_chain backup = {copy, file->over_image ? backing : NULL};
        good = compare_disk(&backup, disk, backing, error);
    }
    store_image_done(&image);
    return good;
}
