#include "home/images/overlay.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/images/image.h"
#include "host/qcow2_file.h"
#include "host/qemu_img.h"

#include <string.h>
#include <unistd.h>

#define NAME_SHOWN_LIMIT 300

static char *name_of(const struct store_image *image) { /* caller frees */
    return alloc_printf("../../" HOME_IMAGES "/%s", image->file);
}

/* The disk may be in a folder from which the name leads nowhere yet. */
bool overlay_name(const struct store_image *image, const char *path, struct error *error) {
    scoped(alloc_release) char *name = name_of(image);
    if (qemu_img_name_backing(path, name, error))
        return true;
    unlink(path);
    return false;
}

bool overlay_create(const struct home *home, const struct store_image *image, const char *path,
                    uint64_t bytes, struct error *error) {
    scoped(alloc_release) char *file = image_path(home, image);
    scoped(alloc_release) char *name = name_of(image);
    return qemu_img_create_overlay(path, file, name, bytes, error);
}

bool overlay_copy(const struct home *home, const struct store_image *image, const char *from,
                  const char *path, struct error *error) {
    scoped(alloc_release) char *backing = image_path(home, image);
    return qemu_img_copy(from, backing, path, error) && overlay_name(image, path, error);
}

bool overlay_copy_snapshot(const struct home *home, const struct store_image *image,
                           const struct overlay_snapshot *from, const char *path,
                           struct error *error) {
    scoped(alloc_release) char *backing = image_path(home, image);
    return qemu_img_copy_snapshot(from->path, from->name, backing, path, error) &&
           overlay_name(image, path, error);
}

static const char *file_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool overlay_settle(struct home *home, const struct store_image *image, const char *path,
                    struct error *error) {
    struct qcow2_header header;
    scoped(alloc_release) char *name = name_of(image);
    if (!qcow2_file_read(path, path, &header, error))
        return false;
    if (strcmp(header.backing, name) == 0 || strcmp(file_of(header.backing), image->file) != 0 ||
        qcow2_header_is_address(header.backing))
        return true;
    if (!qemu_img_name_backing(path, name, error))
        return false;
    scoped(alloc_release) char *before =
        name_printable(header.backing, strlen(header.backing), NAME_SHOWN_LIMIT);
    alloc_replace(&home->notice,
                  alloc_printf("the disk %s named its image %s; it now names it %s, so that this "
                               "home can be moved and copied",
                               path, before, name));
    return true;
}
