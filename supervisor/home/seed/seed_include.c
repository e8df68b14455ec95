#include "home/seed/seed_include.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/secret.h"
#include "cloudinit/seed_document.h"
#include "home/generated.h"
#include "home/layout.h"
#include "home/seed/host_keys.h"
#include "home/seed/seed_drive.h"
#include "store/generated_table.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define STAGE ".include" /* of its documents; removed after the drive was made */

char *seed_include_path(const struct home *home, const struct store_instance *instance) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    return alloc_printf("%s/%s", folder, LAYOUT_INCLUDE_DRIVE);
}

static bool make_document(const char *folder, enum seed_document document, const char *url,
                          struct buffer *text, struct error *error) {
    const char *name = seed_document_name(document);
    scoped(alloc_release) char *path = alloc_printf("%s/" LAYOUT_DOCUMENTS "/%s", folder, name);
    if (document == SEED_META_DATA || document == SEED_NETWORK_CONFIG)
        return file_read(path, SEED_DOCUMENT_LIMIT_BYTES, text, error);
    buffer_printf(text, "#include-once\n%s%s\n", url, name);
    return true;
}

static bool make_documents(const struct home *home, const struct store_instance *instance,
                           const char *url, struct buffer texts[SEED_DOCUMENT_COUNT],
                           struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++)
        if (!make_document(folder, (enum seed_document)i, url, &texts[i], error))
            return false;
    return host_keys_add(home, instance, &texts[SEED_VENDOR_DATA], error);
}

static void digest_documents(const struct buffer texts[SEED_DOCUMENT_COUNT],
                             char digest[SECRET_SHA256_SIZE]) {
    scoped(buffer_done) struct buffer all = {0};
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        buffer_printf(&all, "%zu\n", texts[i].length);
        buffer_append(&all, texts[i].data, texts[i].length);
    }
    secret_sha256(all.data, all.length, digest);
}

static bool write_image(const char *folder, const char *image,
                        const struct buffer texts[SEED_DOCUMENT_COUNT],
                        struct sync_ahead_list *ahead, struct error *error) {
    scoped(alloc_release) char *stage = alloc_printf("%s/" STAGE, folder);
    bool good = file_make_directory(stage, 0700, error);
    for (int i = 0; good && i < SEED_DOCUMENT_COUNT; i++) {
        scoped(alloc_release) char *path =
            alloc_printf("%s/%s", stage, seed_document_name((enum seed_document)i));
        good = file_put(path, texts[i].data, texts[i].length, 0600, error);
    }
    good = good && seed_drive_write(image, stage, NULL, ahead, error);
    return file_remove_tree(stage, good ? error : NULL) && good;
}

static bool refresh(struct generated *generated, const char *url,
                    struct buffer texts[SEED_DOCUMENT_COUNT], struct error *error) {
    struct home *home = generated->home;
    const struct store_instance *instance = &generated->facts->instance;
    char wanted[SECRET_SHA256_SIZE], recorded[SECRET_SHA256_SIZE];
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *image = seed_include_path(home, instance);
    if (!make_documents(home, instance, url, texts, error))
        return false;
    digest_documents(texts, wanted);
    if (!generated_table_get(home->store, instance->id, LAYOUT_INCLUDE_DRIVE, recorded, error))
        return false;
    if (file_exists(image) && strcmp(wanted, recorded) == 0)
        return true;
    return write_image(folder, image, texts, generated->ahead, error) &&
           generated_record(generated, LAYOUT_INCLUDE_DRIVE, wanted, error);
}

bool seed_include_write(struct generated *generated, const char *url, struct error *error) {
    struct buffer texts[SEED_DOCUMENT_COUNT] = {{0}};
    scoped(alloc_release) char *image =
        seed_include_path(generated->home, &generated->facts->instance);
    if (!url)
        return unlink(image) == 0 || errno == ENOENT ||
               error_errno(error, "cannot remove %s", image);
    bool good = refresh(generated, url, texts, error);
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++)
        buffer_done(&texts[i]);
    return good;
}
