#include "home/change/resize.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/images/overlay.h"
#include "home/instance/definition.h"
#include "home/layout.h"
#include "host/qemu_img.h"
#include "store/transaction.h"

bool instance_resize_check(const struct home *home, const struct store_instance *instance,
                           const char *text, uint64_t *bytes, struct error *error) {
    struct qemu_img_info info;
    char present[32];
    scoped(alloc_release) char *disk = layout_os_disk(home, instance->name);
    if (!definition_check_disk(text, bytes, error) || !qemu_img_info(disk, &info, error))
        return false;
    if (*bytes >= info.virtual_bytes)
        return true;
    name_format_size(info.virtual_bytes, present);
    return error_set(error, ERROR_INVALID,
                     "\"%s\" is smaller than the disk of \"%s\" (%s), and a disk cannot shrink: "
                     "give a larger size",
                     text, instance->name, present);
}

bool instance_resize_record(struct home *home, const struct store_instance *instance,
                            uint64_t bytes, struct error *error) {
    struct store_instance row = {0};
    if (!store_begin(home->store, error))
        return false;
    bool good = instance_table_get(home->store, instance->name, &row, error);
    row.disk_bytes = bytes;
    good = store_end(home->store, good && instance_table_update(home->store, &row, error), error);
    store_instance_done(&row);
    return good;
}

bool instance_resize(struct home *home, const struct store_instance *instance, uint64_t bytes,
                     struct error *error) {
    scoped(alloc_release) char *disk = layout_os_disk(home, instance->name);
    struct store_image image = {0};
    bool good = image_table_get(home->store, instance->image, &image, error) &&
                overlay_settle(home, &image, disk, error) && qemu_img_grow(disk, bytes, error) &&
                instance_resize_record(home, instance, bytes, error);
    store_image_done(&image);
    return good;
}
