#include "home/backup/backup_place.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/platform.h"
#include "home/backup/backup_check.h"
#include "home/images/image.h"
#include "home/images/overlay.h"
#include "home/layout.h"
#include "host/qemu_img.h"

#include <string.h>

static bool image_has_digest(const struct store_image *image, const char *digest) {
    return image->sha256 && strcmp(image->sha256, digest) == 0;
}

static bool refuse_missing(const struct backup_manifest *manifest, struct error *error) {
    const struct store_image *image = &manifest->facts.image;
    return error_set(error, ERROR_NOT_FOUND,
                     "the backup is thin, and its image \"%s\" (SHA-256 %s) is not in this home: "
                     "`pgsup image import` or `pgsup image download` brings it",
                     image->name, image->sha256);
}

bool backup_place_image_is_sound(const struct home *home, const struct store_image *image,
                                 struct error *error) {
    char digest[SECRET_SHA256_SIZE];
    scoped(alloc_release) char *path = image_path(home, image);
    if (!secret_sha256_file(path, digest, error))
        return false;
    return strcmp(digest, image->sha256) == 0 ||
           error_set(error, ERROR_INVALID,
                     "the image \"%s\" of this home is damaged: `pgsup image verify %s` says more",
                     image->name, image->name);
}

bool backup_place_find_image(struct home *home, const struct backup_manifest *manifest,
                             struct store_image *image, bool *is_disk, struct error *error) {
    struct store_images images = {0};
    const struct backup_file *disk = backup_manifest_find(manifest, LAYOUT_OS_DISK);
    bool full = manifest->kind == BACKUP_FULL, found = false;
    if (!image_table_list(home->store, &images, error))
        return false;
    for (size_t i = 0; i < images.count && !found; i++) {
        struct store_image *each = &images.items[i];
        *is_disk = full && image_has_digest(each, disk->sha256);
        found = *is_disk || image_has_digest(each, manifest->facts.image.sha256);
        if (found) {
            *image = *each;
            *each = (struct store_image){0};
        }
    }
    store_images_done(&images);
    if (!found)
        return refuse_missing(manifest, error);
    if (backup_place_image_is_sound(home, image, error))
        return true;
    store_image_done(image);
    *image = (struct store_image){0};
    return *is_disk = false;
}

static bool place_os_disk(const struct backup_place *place, struct error *error) {
    scoped(alloc_release) char *from = alloc_printf("%s/" LAYOUT_OS_DISK, place->from);
    scoped(alloc_release) char *to = alloc_printf("%s/" LAYOUT_OS_DISK, place->to);
    scoped(alloc_release) char *image = image_path(place->home, place->image);
    const struct backup_file *file = backup_manifest_find(place->manifest, LAYOUT_OS_DISK);
    if (place->image_is_disk)
        return overlay_create(place->home, place->image, to,
                              place->manifest->facts.instance.disk_bytes, error);
    if (!file->over_image)
        return qemu_img_copy(from, image, to, error) && overlay_name(place->image, to, error);
    return platform_copy_file(from, to, 0600, error) && overlay_name(place->image, to, error);
}

bool backup_place_disks(const struct backup_place *place, struct error *error) {
    const struct store_disks *disks = &place->manifest->facts.disks;
    bool good = place_os_disk(place, error);
    for (size_t i = 0; good && i < disks->count; i++) {
        scoped(alloc_release) char *from = layout_extra_disk_in(place->from, disks->items[i].name);
        scoped(alloc_release) char *to = layout_extra_disk_in(place->to, disks->items[i].name);
        good = platform_copy_file(from, to, 0600, error);
    }
    return good;
}

bool backup_place_file(const struct backup_place *place, const char *path, const char *name,
                       struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *from = alloc_printf("%s/%s", place->from, path);
    scoped(alloc_release) char *to = alloc_printf("%s/%s", place->to, name);
    if (!backup_manifest_find(place->manifest, path))
        return true;
    return file_read(from, BACKUP_SMALL_LIMIT_BYTES, &text, error) &&
           file_write(to, text.data ? text.data : "", text.length, 0600, error);
}

static bool is_below(const struct backup_file *file, const char *folder) {
    size_t length = strlen(folder);
    return strncmp(file->path, folder, length) == 0 && file->path[length] == '/';
}

static bool place_in(const struct backup_place *place, const char *folder,
                     const struct backup_file *file, struct error *error) {
    scoped(alloc_release) char *to = alloc_printf("%s/%s", place->to, folder);
    return file_make_directory(to, 0700, error) &&
           backup_place_file(place, file->path, file->path, error);
}

bool backup_place_documents(const struct backup_place *place, struct error *error) {
    const struct backup_manifest *manifest = place->manifest;
    bool good = true;
    for (size_t i = 0; good && i < manifest->file_count; i++)
        if (manifest->files[i].edited && is_below(&manifest->files[i], LAYOUT_DOCUMENTS))
            good = place_in(place, LAYOUT_DOCUMENTS, &manifest->files[i], error);
    return good;
}

bool backup_place_host_keys(const struct backup_place *place, struct error *error) {
    const struct backup_manifest *manifest = place->manifest;
    bool good = true;
    for (size_t i = 0; good && i < manifest->file_count; i++)
        if (is_below(&manifest->files[i], LAYOUT_HOST_KEYS))
            good = place_in(place, LAYOUT_HOST_KEYS, &manifest->files[i], error);
    return good;
}
