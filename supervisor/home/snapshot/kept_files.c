#include "home/snapshot/kept_files.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/strv.h"
#include "home/layout.h"
#include "store/generated_table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGESTS           "digests" /* "DIGEST FILE" lines, of the documents */
#define FILE_LIMIT_BYTES  (4u << 20)
#define DIGEST_LINE_BYTES (SECRET_SHA256_SIZE + 1)

static const char *const folders[] = {LAYOUT_DOCUMENTS, LAYOUT_HOST_KEYS};
enum { FOLDERS = sizeof folders / sizeof *folders };

char *kept_files_folder(const struct home *home, const char *instance) {
    return layout_file(home, instance, KEPT_FILES_FOLDER);
}

char *kept_files_path(const struct home *home, const char *instance, const char *snapshot) {
    scoped(alloc_release) char *file = alloc_printf(KEPT_FILES_FOLDER "/%s", snapshot);
    return layout_file(home, instance, file);
}

/* Only plain files: nothing else is pgsup's. An absent folder is an empty one. */
static bool list_files(const char *folder, struct strv *names, struct error *error) {
    DIR *list = opendir(folder);
    if (!list)
        return errno == ENOENT || error_errno(error, "cannot read %s", folder);
    for (struct dirent *entry; (entry = readdir(list));) {
        struct stat status;
        if (fstatat(dirfd(list), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode))
            strv_push(names, entry->d_name);
    }
    closedir(list);
    return true;
}

static bool has_name(const struct strv *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

/* An absent file is absent there, too. */
static bool copy_file(const char *from, const char *to, const char *name, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *source = alloc_printf("%s/%s", from, name);
    scoped(alloc_release) char *target = alloc_printf("%s/%s", to, name);
    struct stat status;
    if (lstat(source, &status) < 0 && errno == ENOENT)
        return unlink(target) == 0 || errno == ENOENT ||
               error_errno(error, "cannot remove %s", target);
    return file_read(source, FILE_LIMIT_BYTES, &text, error) &&
           file_keep(target, text.data ? text.data : "", text.length, status.st_mode & 0777, error);
}

/* What only the target has is removed from it. */
static bool copy_folder(const char *from, const char *to, struct error *error) {
    scoped(strv_done) struct strv names = {0}, others = {0};
    bool good = list_files(from, &names, error) && list_files(to, &others, error);
    if (good && names.count)
        good = file_make_directory(to, 0700, error);
    for (size_t i = 0; good && i < names.count; i++)
        good = copy_file(from, to, names.items[i], error);
    for (size_t i = 0; good && i < others.count; i++) {
        scoped(alloc_release) char *path = alloc_printf("%s/%s", to, others.items[i]);
        if (!has_name(&names, others.items[i]) && unlink(path) < 0 && errno != ENOENT)
            good = error_errno(error, "cannot remove %s", path);
    }
    return good;
}

static bool copy_all(const char *from, const char *to, struct error *error) {
    for (size_t i = 0; i < FOLDERS; i++) {
        scoped(alloc_release) char *source = alloc_printf("%s/%s", from, folders[i]);
        scoped(alloc_release) char *target = alloc_printf("%s/%s", to, folders[i]);
        if (!copy_folder(source, target, error))
            return false;
    }
    return copy_file(from, to, LAYOUT_KNOWN_HOSTS, error);
}

/* --- digests --- */

static bool save_digests(struct home *home, const struct store_instance *instance,
                         const char *folder, struct error *error) {
    scoped(strv_done) struct strv names = {0};
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *documents = alloc_printf("%s/" LAYOUT_DOCUMENTS, folder);
    scoped(alloc_release) char *path = alloc_printf("%s/" DIGESTS, folder);
    if (!list_files(documents, &names, error))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        char digest[SECRET_SHA256_SIZE];
        scoped(alloc_release) char *name = alloc_printf(LAYOUT_DOCUMENTS "/%s", names.items[i]);
        if (!generated_table_get(home->store, instance->id, name, digest, error))
            return false;
        if (digest[0])
            buffer_printf(&text, "%s %s\n", digest, name);
    }
    return file_write(path, text.data ? text.data : "", text.length, 0600, error);
}

/* Calls use for each document and its digest. */
static bool each_digest(const char *folder,
                        bool (*use)(void *context, const char *name, const char *digest,
                                    struct error *error),
                        void *context, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *path = alloc_printf("%s/" DIGESTS, folder);
    bool good = file_read(path, FILE_LIMIT_BYTES, &text, error);
    char *rest = text.data;
    for (char *line; good && rest && (line = strsep(&rest, "\n"));) {
        char *name = strchr(line, ' ');
        if (!name || name - line >= DIGEST_LINE_BYTES)
            continue;
        *name++ = 0;
        good = use(context, name, line, error);
    }
    return good;
}

struct digested {
    struct home *home;
    const struct store_instance *instance;
};

static bool restore_digest(void *context, const char *name, const char *digest,
                           struct error *error) {
    const struct digested *of = context;
    return generated_table_put(of->home->store, of->instance->id, name, digest, error);
}

static bool restore_digests(struct home *home, const struct store_instance *instance,
                            const char *folder, struct error *error) {
    struct digested of = {home, instance};
    return each_digest(folder, restore_digest, &of, error);
}

static bool check_present(void *context, const char *name, const char *digest,
                          struct error *error) {
    scoped(alloc_release) char *path = alloc_printf("%s/%s", (const char *)context, name);
    (void)digest;
    (void)error;
    return file_exists(path);
}

struct sought {
    const char *name;
    char digest[SECRET_SHA256_SIZE];
};

static bool seek_digest(void *context, const char *name, const char *digest, struct error *error) {
    struct sought *sought = context;
    (void)error;
    if (strcmp(name, sought->name) == 0)
        snprintf(sought->digest, sizeof sought->digest, "%s", digest);
    return true;
}

/* --- both --- */

bool kept_files_save(struct home *home, const struct store_instance *instance, const char *snapshot,
                     struct error *error) {
    scoped(alloc_release) char *from = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *to = kept_files_path(home, instance->name, snapshot);
    return home_make_folder(home, to, error) && copy_all(from, to, error) &&
           save_digests(home, instance, to, error);
}

/* The digests are written last: where they are, all was. */
bool kept_files_check(const struct home *home, const char *instance, const char *snapshot,
                      struct error *error) {
    scoped(alloc_release) char *folder = kept_files_path(home, instance, snapshot);
    return each_digest(folder, check_present, folder, NULL) ||
           error_set(
               error, ERROR_WRONG_STATE,
               "files in %s are gone or cannot be read, so that the snapshot \"%s\" cannot be "
               "restored: `pgsup snapshot remove %s %s` forgets it",
               folder, snapshot, instance, snapshot);
}

bool kept_files_is_edited(const struct home *home, const struct store_snapshot *snapshot,
                          const char *path, bool *edited, struct error *error) {
    char present[SECRET_SHA256_SIZE];
    struct sought sought = {.name = path};
    scoped(alloc_release) char *folder =
        kept_files_path(home, snapshot->instance_name, snapshot->name);
    scoped(alloc_release) char *file = alloc_printf("%s/%s", folder, path);
    *edited = false;
    if (!file_exists(file))
        return true;
    if (!secret_sha256_file(file, present, error) ||
        !each_digest(folder, seek_digest, &sought, error))
        return false;
    *edited = strcmp(present, sought.digest) != 0;
    return true;
}

bool kept_files_restore(struct home *home, const struct store_instance *instance,
                        const char *snapshot, struct error *error) {
    scoped(alloc_release) char *from = kept_files_path(home, instance->name, snapshot);
    scoped(alloc_release) char *to = home_instance_folder(home, instance->name);
    return kept_files_check(home, instance->name, snapshot, error) && copy_all(from, to, error) &&
           restore_digests(home, instance, from, error);
}
