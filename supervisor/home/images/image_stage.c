#include "home/images/image_stage.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/secret.h"
#include "base/space.h"
#include "base/waiting.h"
#include "home/images/download.h"
#include "home/images/image_form.h"
#include "home/images/unpack.h"
#include "host/qcow2_file.h"
#include "host/qemu_img.h"
#include "store/transaction.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONVERT_TURN_MS (60u * 60 * 1000)
#define CONVERT_LOOK_MS 100

static bool check_free_name(struct home *home, const char *name, struct error *error) {
    struct store_image image = {0};
    struct error lookup = {0};
    if (!name_check_label("image name", name, error))
        return false;
    if (image_table_get(home->store, name, &image, &lookup)) {
        store_image_done(&image);
        return error_set(error, ERROR_EXISTS,
                         "the image \"%s\" exists already: choose another name or remove it first",
                         name);
    }
    return lookup.code == ERROR_NOT_FOUND || error_copy(error, &lookup);
}

bool image_stage_open(struct home *home, const char *name, struct image_stage *stage,
                      struct error *error) {
    *stage = (struct image_stage){.home = home, .lock = -1};
    scoped(alloc_release) char *folder = home_file(home, HOME_IMAGES);
    if (!check_free_name(home, name, error) || !file_make_directory(folder, 0700, error))
        return false;
    stage->part = alloc_printf("%s/%s.part", folder, name);
    stage->unpacked = alloc_printf("%s/%s.unpacked", folder, name);
    stage->made = alloc_printf("%s/%s.new", folder, name);
    stage->final = alloc_printf("%s/%s.qcow2", folder, name);
    stage->lock = download_open(stage->part, error);
    if (stage->lock < 0)
        return false;
    unlink(stage->unpacked); /* of one that was killed */
    unlink(stage->made);
    return true;
}

/* The lock is given up last, so that nobody else is at these files yet. */
void image_stage_close(struct image_stage *stage) {
    if (stage->lock >= 0) {
        unlink(stage->unpacked);
        unlink(stage->made);
    }
    if (stage->lock >= 0 && !stage->lock_moved && !stage->keeps_part)
        unlink(stage->part);
    file_release(&stage->lock);
    free(stage->part);
    free(stage->unpacked);
    free(stage->made);
    free(stage->final);
}

/* Fills what the file itself says about the image. */
static bool inspect(const char *file, const char *shown, struct store_image *image,
                    struct error *error) {
    struct qemu_img_info info;
    struct stat status;
    char digest[SECRET_SHA256_SIZE];
    struct error problem = {0};
    if (!qcow2_file_check(file, shown, NULL, error))
        return false;
    if (!qemu_img_info(file, &info, &problem)) {
        bool tool = problem.code == ERROR_NOT_FOUND;
        return tool ? error_copy(error, &problem)
                    : error_set(error, ERROR_INVALID, "%s is not an intact qcow2 disk image: %s",
                                shown, problem.text);
    }
    if (stat(file, &status) < 0)
        return error_errno(error, "cannot read %s", shown);
    if (!qemu_img_check(file, shown, error) || !secret_sha256_file(file, digest, error))
        return false;
    image->checked_ms = clock_wall_ms();
    image->file_bytes = (uint64_t)status.st_size;
    image->virtual_bytes = info.virtual_bytes;
    image->format = alloc_string("qcow2");
    image->sha256 = alloc_string(digest);
    return true;
}

/* The row, and with it the name of the file, come into being together or not at all. A row whose
 * commit fails must not leave the file; a file without a row is replaced by the next attempt. */
static bool stage_record_image(struct image_stage *stage, const char *from,
                               struct store_image *image, struct error *error) {
    struct home *home = stage->home;
    if (!store_begin(home->store, error))
        return false;
    if (!image_table_add(home->store, image, error)) {
        store_rollback(home->store);
        return false;
    }
    if (rename(from, stage->final) < 0) {
        error_errno(error, "cannot write %s", stage->final);
        store_rollback(home->store);
        return false;
    }
    stage->lock_moved = from == stage->part;
    if (store_commit(home->store, error))
        return true;
    store_rollback(home->store);
    unlink(stage->final);
    return false;
}

/* Read-only, because a change of a backing file breaks every disk that is made on it. */
static bool adopt(struct image_stage *stage, const char *from, struct store_image *image,
                  struct error *error) {
    if (!inspect(from, image->origin, image, error))
        return false;
    if (chmod(from, 0400) < 0)
        return error_errno(error, "cannot set the mode of %s", from);
    image->file = alloc_printf("%s.qcow2", image->name);
    image->created_ms = clock_wall_ms();
    return stage_record_image(stage, from, image, error);
}

struct source {
    const char *file, *shown;
    enum image_form form;
};

static bool find_form(const struct image_stage *stage, struct source *source, struct error *error) {
    return image_form_find(source->file, source->shown, stage->trust, &source->form, error);
}

/* What is packed in a file becomes the source, in stage->unpacked. */
static bool unpack(const struct image_stage *stage, const struct image_progress *progress,
                   struct source *source, struct error *error) {
    if (!unpack_file(source->file, source->shown, stage->unpacked, progress, error))
        return false;
    source->file = stage->unpacked;
    return find_form(stage, source, error);
}

/* Two that are unpacked or converted at once would both count on the space that is free now. Caller
 * releases; -1: error set. */
static int wait_for_turn(struct home *home, const char *shown, struct error *error) {
    scoped(alloc_release) char *folder = home_file(home, HOME_IMAGES);
    uint64_t deadline_ms = clock_monotonic_ms() + CONVERT_TURN_MS;
    int lock;
    waiting_begin("waiting for another image", shown);
    while ((lock = file_lock_folder(folder)) < 0 && errno == EWOULDBLOCK && interrupt_check(NULL) &&
           clock_monotonic_ms() < deadline_ms) {
        waiting_tick();
        poll(NULL, 0, CONVERT_LOOK_MS);
    }
    int number = errno;
    waiting_end();
    if (lock >= 0 || !interrupt_check(error))
        return lock;
    if (number == EWOULDBLOCK)
        error_set(error, ERROR_TIMEOUT,
                  "another image is being unpacked or converted for too long: try again");
    else
        error_set(error, ERROR_FAILED, "cannot work on %s: %s", folder, strerror(number));
    return -1;
}

static bool check_room(const struct image_stage *stage, const char *raw, const char *shown,
                       struct error *error) {
    struct stat status;
    uint64_t usable;
    char needed[32], left[32];
    if (stat(raw, &status) < 0 || !space_usable(stage->lock, &usable))
        return error_errno(error, "cannot read %s", shown);
    uint64_t occupied = (uint64_t)status.st_blocks * 512;
    name_format_size(occupied, needed);
    name_format_size(usable, left);
    return occupied <= usable ||
           error_set(error, ERROR_FAILED,
                     "there is too little space for %s: it occupies %s, and %s may be used; "
                     "make room on that disk",
                     shown, needed, left);
}

/* A raw disk becomes a qcow2 of about what it occupies itself. */
static bool convert(const struct image_stage *stage, const char *raw, const char *shown,
                    struct error *error) {
    return check_room(stage, raw, shown, error) && qemu_img_from_raw(raw, stage->made, error);
}

bool image_stage_take(struct image_stage *stage, const char *given, struct store_image *image,
                      const struct image_progress *progress, struct error *error) {
    const char *shown = image->origin;
    struct source source = {.file = given, .shown = shown};
    scoped(file_release) int turn = -1;
    if (!find_form(stage, &source, error))
        return false;
    if (source.form != IMAGE_FORM_QCOW2 && (turn = wait_for_turn(stage->home, shown, error)) < 0)
        return false;
    if (source.form == IMAGE_FORM_PACKED && !unpack(stage, progress, &source, error))
        return false;
    const char *file = source.file;
    bool ours = file == stage->part || file == stage->unpacked;
    if (source.form == IMAGE_FORM_QCOW2 && ours)
        return adopt(stage, file, image, error);
    bool made = source.form == IMAGE_FORM_RAW
                    ? convert(stage, file, shown, error)
                    : qcow2_file_check(file, shown, NULL, error) &&
                          qemu_img_check_unlocked(file, shown, error) &&
                          platform_copy_file(file, stage->made, 0600, error);
    return made && adopt(stage, stage->made, image, error);
}
