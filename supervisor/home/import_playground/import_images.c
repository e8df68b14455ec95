#include "home/import_playground/import_images.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "base/secret.h"
#include "host/qcow2_file.h"
#include "host/qemu_img.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ARCHITECTURE "aarch64" /* the only one that the predecessor ran */

/* "ubuntu-jammy.qcow2" -> "ubuntu-jammy"; what no name can hold becomes "-". */
static char *label_of(const char *file, bool whole) {
    const char *dot = strrchr(file, '.');
    size_t length = dot && dot > file && !whole ? (size_t)(dot - file) : strlen(file);
    char *label = alloc_slice(file, length > NAME_LABEL_MAX ? NAME_LABEL_MAX : length);
    for (char *letter = label; *letter; letter++) {
        *letter = (char)tolower((unsigned char)*letter);
        if (!(*letter >= 'a' && *letter <= 'z') && !(*letter >= '0' && *letter <= '9'))
            *letter = '-';
    }
    return label;
}

static bool is_taken(const struct store_images *images, const char *name) {
    for (size_t i = 0; i < images->count; i++)
        if (strcmp(images->items[i].name, name) == 0)
            return true;
    return false;
}

static bool choose_name(const struct store_images *images, const char *file, char **name,
                        struct error *error) {
    *name = label_of(file, false);
    if (is_taken(images, *name))
        alloc_replace(name, label_of(file, true));
    return (!is_taken(images, *name) ||
            error_set(error, ERROR_INVALID, "the name \"%s\" is used twice", *name)) &&
           name_check_label("image name", *name, error);
}

static bool read_image(const char *path, struct store_image *image, struct error *error) {
    char digest[SECRET_SHA256_SIZE];
    struct qemu_img_info info;
    struct stat status;
    if (!qcow2_file_check(path, path, NULL, error) || !qemu_img_info(path, &info, error))
        return false;
    if (stat(path, &status) < 0)
        return error_errno(error, "cannot read %s", path);
    if (!secret_sha256_file(path, digest, error))
        return false;
    image->file_bytes = (uint64_t)status.st_size;
    image->virtual_bytes = info.virtual_bytes;
    image->format = alloc_string("qcow2");
    image->arch = alloc_string(ARCHITECTURE);
    image->sha256 = alloc_string(digest);
    image->origin = alloc_string(path);
    image->created_ms = clock_wall_ms();
    return true;
}

static void add_file(const char *folder, const char *file, struct store_images *images,
                     struct strv *notes) {
    struct store_image image = {.file = alloc_string(file), .phones_home = true};
    struct error problem = {0};
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, file);
    if (choose_name(images, file, &image.name, &problem) && read_image(path, &image, &problem)) {
        images->items = alloc_resize(images->items, (images->count + 1) * sizeof *images->items);
        images->items[images->count++] = image;
        return;
    }
    scoped(alloc_release) char *shown = name_printable(path, strlen(path), 200);
    strv_pushf(notes, "%s cannot be used as an image: %s", shown, problem.text);
    store_image_done(&image);
}

static bool is_regular(const char *folder, const char *file) {
    struct stat status;
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, file);
    return file[0] != '.' && lstat(path, &status) == 0 && S_ISREG(status.st_mode);
}

bool import_images_read(const struct home *home, struct store_images *images, struct strv *notes,
                        struct error *error) {
    scoped(alloc_release) char *folder = home_file(home, HOME_IMAGES);
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0 && errno != ENOENT)
        return error_errno(error, "cannot read %s", folder);
    for (int i = 0; i < count; i++) {
        if (is_regular(folder, entries[i]->d_name))
            add_file(folder, entries[i]->d_name, images, notes);
        free(entries[i]);
    }
    free(entries);
    return true;
}

/* Relative to the disk's folder, unless it begins with a slash. */
static bool resolve(const char *disk, const char *backing, char real[PATH_MAX]) {
    scoped(alloc_release) char *relative =
        alloc_printf("%.*s/%s", (int)(strrchr(disk, '/') - disk), disk, backing);
    return realpath(backing[0] == '/' ? backing : relative, real) != NULL;
}

const struct store_image *import_images_of_disk(const struct home *home,
                                                const struct store_images *images, const char *disk,
                                                struct error *error) {
    char real[PATH_MAX], each[PATH_MAX];
    struct qcow2_header header;
    if (!qcow2_file_read(disk, disk, &header, error))
        return NULL;
    const char *backing = header.backing;
    if (!backing[0]) {
        error_set(error, ERROR_INVALID,
                  "the disk %s is based on no image: give it one in %s/images with `qemu-img "
                  "rebase`",
                  disk, home->path);
        return NULL;
    }
    bool found = resolve(disk, backing, real);
    for (size_t i = 0; found && i < images->count; i++) {
        scoped(alloc_release) char *path =
            alloc_printf("%s/" HOME_IMAGES "/%s", home->path, images->items[i].file);
        if (realpath(path, each) && strcmp(each, real) == 0)
            return &images->items[i];
    }
    error_set(error, ERROR_INVALID,
              "the disk %s is based on %s, which is %s %s/images: put it there and run "
              "`qemu-img rebase -u -F qcow2 -b FILE %s`",
              disk, backing, found ? "not a usable image of" : "missing and not in", home->path,
              disk);
    return NULL;
}
