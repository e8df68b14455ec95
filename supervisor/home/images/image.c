#include "home/images/image.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/secret.h"
#include "home/images/download.h"
#include "home/images/image_stage.h"
#include "host/qcow2_file.h"
#include "host/qemu_img.h"
#include "store/instance_table.h"
#include "store/transaction.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *image_guess_arch(const char *file) {
    static const struct {
        const char *part, *arch;
    } signs[] = {{"arm64", "aarch64"},
                 {"aarch64", "aarch64"},
                 {"amd64", "x86_64"},
                 {"x86_64", "x86_64"},
                 {"x86-64", "x86_64"}};
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strstr(base, signs[i].part))
            return signs[i].arch;
    return NULL;
}

const char *image_choose_arch(const char *given, const char *file) {
    const char *arch = given ? given : image_guess_arch(file);
    return arch ? arch : platform_architecture();
}

bool image_check_arch(const char *arch, struct error *error) {
    enum spec_arch known;
    return !arch || spec_arch_from_word(arch, &known) ||
           error_set(error, ERROR_INVALID, "\"%s\" is not an architecture: use aarch64 or x86_64",
                     arch);
}

bool image_has_nuageinit(const struct store_image *image) {
    return image->seed_source && strcmp(image->seed_source, IMAGE_SEED_NUAGEINIT) == 0;
}

bool image_wants_drive(const struct store_image *image) {
    return image_has_nuageinit(image) ||
           (image->seed_source && strcmp(image->seed_source, IMAGE_SEED_NONE) == 0);
}

bool image_catalogue(const struct home *home, struct catalogue *catalogue, struct error *error) {
    scoped(alloc_release) char *own = home ? home_file(home, "images.yaml") : NULL;
    return catalogue_load(own, catalogue, error);
}

/* What the catalogue says of an image; of one that it does not know: "nocloud-net" is what every
 * cloud-init that can be seeded over HTTP takes; the newer ones only warn about it. */
static void describe(struct store_image *image, const struct catalogue_image *known) {
    if (!image->seed_source)
        image->seed_source = alloc_string(known ? known->seed_source : "nocloud-net");
    image->phones_home = known ? known->phones_home : !image_has_nuageinit(image);
    if (!known)
        return;
    if (!image->shell)
        image->shell = alloc_string(known->shell);
    image->default_user = alloc_string(known->user);
    image->min_disk_bytes = known->min_disk_bytes;
    image->min_ram_mib = known->min_ram_mib;
}

bool image_describe(const struct home *home, struct store_image *image, struct error *error) {
    struct catalogue catalogue;
    if (!image_catalogue(home, &catalogue, error))
        return false;
    describe(image, catalogue_find(&catalogue, image->name));
    catalogue_done(&catalogue);
    return true;
}

bool image_check_words(const struct image_file *from, struct error *error) {
    const char *seed_source = from->seed_source;
    if (!image_check_arch(from->arch, error))
        return false;
    if (seed_source && !catalogue_is_seed_source(seed_source))
        return error_set(error, ERROR_INVALID,
                         "\"%.40s\" is not a seed source: use nocloud, nocloud-net, none for a "
                         "cloud-init that reads a drive only, or nuageinit for FreeBSD",
                         seed_source);
    return !from->shell || catalogue_is_shell(from->shell) ||
           error_set(error, ERROR_INVALID,
                     "\"%.40s\" is not the path of a login shell: use one such as /bin/sh",
                     from->shell);
}

bool image_import(struct home *home, const struct image_file *from,
                  const struct image_progress *progress, struct error *error) {
    if (!image_check_words(from, error))
        return false;
    struct image_stage stage = {.lock = -1};
    struct store_image image = {
        .name = alloc_string(from->name),
        .arch = alloc_string(image_choose_arch(from->arch, from->path)),
        .origin = file_absolute(from->path),
        .seed_source = alloc_string(from->seed_source),
        .shell = alloc_string(from->shell),
    };
    bool good =
        image_describe(home, &image, error) && image_stage_open(home, from->name, &stage, error);
    stage.trust = from->trust;
    good = good && image_stage_take(&stage, from->path, &image, progress, error);
    image_stage_close(&stage);
    store_image_done(&image);
    return good;
}

char *image_dependents(struct home *home, const char *name, struct error *error) {
    struct store_instances instances = {0};
    struct buffer users = {0};
    if (!instance_table_list(home->store, &instances, error))
        return NULL;
    for (size_t i = 0; i < instances.count; i++)
        if (strcmp(instances.items[i].image, name) == 0)
            buffer_printf(&users, "%s%s", users.length ? ", " : "", instances.items[i].name);
    store_instances_done(&instances);
    return buffer_take(&users);
}

char *image_path(const struct home *home, const struct store_image *image) {
    return alloc_printf("%s/" HOME_IMAGES "/%s", home->path, image->file);
}

static bool verify_file(const char *path, const struct store_image *image, const char *users,
                        struct error *error) {
    char digest[SECRET_SHA256_SIZE];
    if (!file_exists(path))
        return error_set(error, ERROR_NOT_FOUND, "the image %s is missing: restore it", path);
    if (!secret_sha256_file(path, digest, error))
        return false;
    if (image->sha256 && strcmp(digest, image->sha256) != 0)
        return error_set(
            error, ERROR_FAILED,
            "the image %s has changed since it was added: restore the file whose SHA-256 "
            "is %s; disks that depend on it: %s",
            path, image->sha256, *users ? users : "none");
    return qcow2_file_check(path, path, NULL, error) && qemu_img_check(path, path, error);
}

bool image_verify(struct home *home, const char *name, struct error *error) {
    struct store_image image = {0};
    if (!image_table_get(home->store, name, &image, error))
        return false;
    scoped(alloc_release) char *path = image_path(home, &image);
    scoped(alloc_release) char *users = image_dependents(home, name, error);
    bool good = users && verify_file(path, &image, users, error);
    store_image_done(&image);
    return good;
}

bool image_check_once(struct home *home, const struct store_image *image, struct error *error) {
    scoped(alloc_release) char *path = image_path(home, image);
    return image->checked_ms > 0 ||
           (qcow2_file_check(path, path, NULL, error) && qemu_img_check(path, path, error) &&
            image_table_set_checked(home->store, image->name, clock_wall_ms(), error));
}

/* Refused for as long as an instance has it as its backing file. */
static bool check_unused(struct home *home, const char *name, struct error *error) {
    scoped(alloc_release) char *users = image_dependents(home, name, error);
    return users && (!*users || error_set(error, ERROR_WRONG_STATE,
                                          "the image \"%s\" is in use by %s: remove those "
                                          "instances first",
                                          name, users));
}

/* True: there was something. */
static bool remove_leftovers(struct home *home, const char *name, struct error *error) {
    scoped(alloc_release) char *part = alloc_printf("%s/" HOME_IMAGES "/%s.part", home->path, name);
    scoped(alloc_release) char *aside = alloc_printf("%s.mismatch", part);
    bool there = file_exists(part) || file_exists(aside);
    if (!there || !name_check_label("image name", name, NULL))
        return false;
    scoped(file_release) int lock = download_open(part, error);
    return lock >= 0 && unlink(part) == 0 && file_remove_tree(aside, error);
}

bool image_remove(struct home *home, const char *name, struct error *error) {
    struct store_image image = {0};
    struct error problem = {0};
    if (!store_begin(home->store, error))
        return false;
    if (!image_table_get(home->store, name, &image, &problem) ||
        !check_unused(home, name, &problem) || !image_table_remove(home->store, name, &problem) ||
        !store_commit(home->store, &problem)) {
        store_rollback(home->store);
        store_image_done(&image);
        bool only_leftovers = problem.code == ERROR_NOT_FOUND;
        return (only_leftovers && remove_leftovers(home, name, error)) ||
               error_copy(error, &problem);
    }
    scoped(alloc_release) char *file = image_path(home, &image);
    store_image_done(&image);
    remove_leftovers(home, name, NULL);
    return file_remove_tree(file, error);
}
