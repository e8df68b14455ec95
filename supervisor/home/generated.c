#include "home/generated.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/secret.h"
#include "store/generated_table.h"

#include <libgen.h>
#include <string.h>
#include <unistd.h>

#define BESIDE ".new"

bool generated_record(struct home *home, const struct store_instance *instance, const char *path,
                      const char *digest, struct error *error) {
    strv_push(&home->recorded, path);
    strv_push(&home->recorded, digest);
    return generated_table_put(home->store, instance->id, path, digest, error);
}

void generated_forget(struct home *home) {
    strv_done(&home->recorded);
}

void generated_settle(struct home *home, const struct store_instance *instance) {
    for (size_t i = 0; i + 1 < home->recorded.count; i += 2)
        generated_table_put(home->store, instance->id, home->recorded.items[i],
                            home->recorded.items[i + 1], NULL);
}

static bool make_folder_of(const struct home *home, const char *path, struct error *error) {
    scoped(alloc_release) char *copy = alloc_string(path);
    return home_make_folder(home, dirname(copy), error);
}

static bool put(const struct home *home, const char *path, const struct buffer *text, mode_t mode,
                struct error *error) {
    return make_folder_of(home, path, error) &&
           file_write(path, text->data, text->length, mode, error) && home_give(home, path, error);
}

struct generated {
    const struct store_instance *instance;
    char *file, *beside; /* absolute */
    char *beside_path;   /* as the store knows it */
    char recorded[SECRET_SHA256_SIZE], recorded_beside[SECRET_SHA256_SIZE];
};

static void generated_done(struct generated *generated) {
    alloc_release(&generated->file);
    alloc_release(&generated->beside);
    alloc_release(&generated->beside_path);
}

static bool begin(struct home *home, const struct store_instance *instance, const char *path,
                  struct generated *generated, struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    *generated = (struct generated){
        .instance = instance,
        .file = alloc_printf("%s/%s", folder, path),
        .beside = alloc_printf("%s/%s" BESIDE, folder, path),
        .beside_path = alloc_printf("%s" BESIDE, path),
    };
    return generated_table_get(home->store, instance->id, path, generated->recorded, error) &&
           generated_table_get(home->store, instance->id, generated->beside_path,
                               generated->recorded_beside, error);
}

/* What is to be done, from the digests of the file as it is, as pgsup wrote it last (there, or
 * beside it, and its user has put that in its place), and as it would write it now; "" for a file
 * that is not there or was never written. */
static enum generated_result judge(const char *present, const struct generated *generated,
                                   const char *wanted) {
    if (strcmp(present, wanted) == 0)
        return GENERATED_SAME;
    if (!present[0] || strcmp(present, generated->recorded) == 0 ||
        strcmp(present, generated->recorded_beside) == 0)
        return GENERATED_WRITTEN;
    return GENERATED_KEPT;
}

/* Whether it is news decides whether its user is told. */
static enum generated_result keep(struct home *home, const struct generated *generated,
                                  const struct buffer *text, const char *wanted, mode_t mode,
                                  struct error *error) {
    char present[SECRET_SHA256_SIZE] = "";
    if (file_exists(generated->beside) && !secret_sha256_file(generated->beside, present, error))
        return GENERATED_FAILED;
    if (strcmp(present, wanted) == 0)
        return GENERATED_SAME;
    bool good = put(home, generated->beside, text, mode, error) &&
                generated_record(home, generated->instance, generated->beside_path, wanted, error);
    return good ? GENERATED_KEPT : GENERATED_FAILED;
}

static enum generated_result write_it(struct home *home, const struct generated *generated,
                                      const char *path, const struct buffer *text, mode_t mode,
                                      struct error *error) {
    char present[SECRET_SHA256_SIZE] = "", wanted[SECRET_SHA256_SIZE];
    secret_sha256(text->data, text->length, wanted);
    if (file_exists(generated->file) && !secret_sha256_file(generated->file, present, error))
        return GENERATED_FAILED;
    enum generated_result result = judge(present, generated, wanted);
    if (result == GENERATED_KEPT)
        return keep(home, generated, text, wanted, mode, error);
    if (result == GENERATED_WRITTEN && !put(home, generated->file, text, mode, error))
        return GENERATED_FAILED;
    unlink(generated->beside); /* of a change that the user has taken back */
    if (strcmp(generated->recorded, wanted) != 0 &&
        !generated_record(home, generated->instance, path, wanted, error))
        return GENERATED_FAILED;
    return result;
}

enum generated_result generated_write(struct home *home, const struct store_instance *instance,
                                      const char *path, const char *text, size_t length,
                                      mode_t mode, struct error *error) {
    const struct buffer content = {.data = (char *)text, .length = length};
    scoped(generated_done) struct generated generated = {0};
    if (!begin(home, instance, path, &generated, error))
        return GENERATED_FAILED;
    return write_it(home, &generated, path, &content, mode, error);
}
