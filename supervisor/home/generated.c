#include "home/generated.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/secret.h"
#include "home/layout.h"
#include "store/generated_table.h"

#include <libgen.h>
#include <string.h>
#include <unistd.h>

#define BESIDE ".new"

void generated_done(struct generated *generated) {
    strv_done(&generated->recorded);
    alloc_release(&generated->notice);
    *generated = (struct generated){0};
}

bool generated_record(struct generated *generated, const char *path, const char *digest,
                      struct error *error) {
    strv_push(&generated->recorded, path);
    strv_push(&generated->recorded, digest);
    return generated_table_put(generated->home->store, generated->facts->instance.id, path, digest,
                               error);
}

void generated_settle(const struct generated *generated, int64_t instance) {
    for (size_t i = 0; i + 1 < generated->recorded.count; i += 2)
        generated_table_put(generated->home->store, instance, generated->recorded.items[i],
                            generated->recorded.items[i + 1], NULL);
}

static bool make_folder_of(const struct home *home, const char *path, struct error *error) {
    scoped(alloc_release) char *copy = alloc_string(path);
    return home_make_folder(home, dirname(copy), error);
}

static bool generated_put(const struct generated *generated, const char *path,
                          const struct generated_file *file, struct error *error) {
    if (!make_folder_of(generated->home, path, error))
        return false;
    if (!generated->ahead)
        return file_write(path, file->text, file->length, file->mode, error);
    if (!file_put(path, file->text, file->length, file->mode, error))
        return false;
    sync_ahead_add(generated->ahead, path);
    return true;
}

/* One file, and what is known of it. */
struct target {
    const struct generated_file *file;
    char *path, *beside;               /* absolute */
    char *beside_path;                 /* as the store knows it */
    char wanted[SECRET_SHA256_SIZE];   /* the digest of the file as it would be written now */
    char recorded[SECRET_SHA256_SIZE]; /* as it was written last; "": never */
    char recorded_beside[SECRET_SHA256_SIZE];
};

static void target_done(struct target *target) {
    alloc_release(&target->path);
    alloc_release(&target->beside);
    alloc_release(&target->beside_path);
}

static bool target_init(const struct generated *generated, const struct generated_file *file,
                        struct target *target, struct error *error) {
    struct store *store = generated->home->store;
    const struct store_instance *instance = &generated->facts->instance;
    scoped(alloc_release) char *folder = home_instance_folder(generated->home, instance->name);
    *target = (struct target){
        .file = file,
        .path = alloc_printf("%s/%s", folder, file->path),
        .beside = alloc_printf("%s/%s" BESIDE, folder, file->path),
        .beside_path = alloc_printf("%s" BESIDE, file->path),
    };
    secret_sha256(file->text, file->length, target->wanted);
    return generated_table_get(store, instance->id, file->path, target->recorded, error) &&
           generated_table_get(store, instance->id, target->beside_path, target->recorded_beside,
                               error);
}

/* Decides by the digests of the file as it is, as pgsup wrote it last (in place, or beside it
 * and moved there by the user), and as pgsup would write it now; "" for a file that is missing
 * or was never written. */
static enum generated_result judge(const char *present, const struct target *target) {
    if (strcmp(present, target->wanted) == 0)
        return GENERATED_SAME;
    if (!present[0] || strcmp(present, target->recorded) == 0 ||
        strcmp(present, target->recorded_beside) == 0)
        return GENERATED_WRITTEN;
    return GENERATED_KEPT;
}

/* The user is told only when PATH.new changes. */
static enum generated_result keep(struct generated *generated, const struct target *target,
                                  struct error *error) {
    char present[SECRET_SHA256_SIZE] = "";
    if (file_exists(target->beside) && !secret_sha256_file(target->beside, present, error))
        return GENERATED_FAILED;
    if (strcmp(present, target->wanted) == 0)
        return GENERATED_SAME;
    bool good = generated_put(generated, target->beside, target->file, error) &&
                generated_record(generated, target->beside_path, target->wanted, error);
    return good ? GENERATED_KEPT : GENERATED_FAILED;
}

static enum generated_result write_target(struct generated *generated, const struct target *target,
                                          struct error *error) {
    char present[SECRET_SHA256_SIZE] = "";
    if (file_exists(target->path) && !secret_sha256_file(target->path, present, error))
        return GENERATED_FAILED;
    enum generated_result result = judge(present, target);
    if (result == GENERATED_KEPT)
        return keep(generated, target, error);
    if (result == GENERATED_WRITTEN && !generated_put(generated, target->path, target->file, error))
        return GENERATED_FAILED;
    unlink(target->beside); /* of an edit that the user has undone */
    if (strcmp(target->recorded, target->wanted) != 0 &&
        !generated_record(generated, target->file->path, target->wanted, error))
        return GENERATED_FAILED;
    return result;
}

enum generated_result generated_write(struct generated *generated,
                                      const struct generated_file *file, struct error *error) {
    scoped(target_done) struct target target = {0};
    if (!target_init(generated, file, &target, error))
        return GENERATED_FAILED;
    return write_target(generated, &target, error);
}

bool generated_is_edited(const struct home *home, const struct store_instance *instance,
                         const char *path, bool *edited, struct error *error) {
    char present[SECRET_SHA256_SIZE], recorded[SECRET_SHA256_SIZE];
    scoped(alloc_release) char *file = layout_file(home, instance->name, path);
    *edited = false;
    if (!file_exists(file))
        return true;
    if (!secret_sha256_file(file, present, error) ||
        !generated_table_get(home->store, instance->id, path, recorded, error))
        return false;
    *edited = strcmp(present, recorded) != 0;
    return true;
}
