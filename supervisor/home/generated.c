#include "home/generated.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/secret.h"
#include "store/generated_table.h"

#include <libgen.h>
#include <string.h>
#include <unistd.h>

static bool make_folder_of(const struct home *home, const char *path, struct error *error) {
    scoped(alloc_release) char *copy = alloc_string(path);
    return home_make_folder(home, dirname(copy), error);
}

static bool put(const struct home *home, const char *path, const struct buffer *text, mode_t mode,
                struct error *error) {
    return make_folder_of(home, path, error) &&
           file_write(path, text->data, text->length, mode, error) && home_give(home, path, error);
}

/* What is to be done, from the digests of the file as it is, as pgsup wrote it last, and as it
 * would write it now; "" for a file that is not there or was never written. */
static enum generated_result judge(const char *present, const char *recorded, const char *wanted) {
    if (strcmp(present, wanted) == 0)
        return GENERATED_SAME;
    if (!present[0] || strcmp(present, recorded) == 0)
        return GENERATED_WRITTEN;
    return GENERATED_KEPT;
}

enum generated_result generated_write(struct home *home, const struct store_instance *instance,
                                      const char *path, const char *text, size_t length,
                                      mode_t mode, struct error *error) {
    char present[SECRET_SHA256_SIZE] = "", recorded[SECRET_SHA256_SIZE], wanted[SECRET_SHA256_SIZE];
    const struct buffer content = {.data = (char *)text, .length = length};
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *file = alloc_printf("%s/%s", folder, path);
    scoped(alloc_release) char *beside = alloc_printf("%s.new", file);
    secret_sha256(text, length, wanted);
    if (!generated_table_get(home->store, instance->id, path, recorded, error) ||
        (file_exists(file) && !secret_sha256_file(file, present, error)))
        return GENERATED_FAILED;
    enum generated_result result = judge(present, recorded, wanted);
    if (result == GENERATED_KEPT)
        return put(home, beside, &content, mode, error) ? result : GENERATED_FAILED;
    if (result == GENERATED_WRITTEN && !put(home, file, &content, mode, error))
        return GENERATED_FAILED;
    unlink(beside); /* of a change that the user has taken back */
    if (strcmp(recorded, wanted) != 0 &&
        !generated_table_put(home->store, instance->id, path, wanted, error))
        return GENERATED_FAILED;
    return result;
}
