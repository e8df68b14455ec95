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
static void list_files(const char *folder, struct strv *names) {
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        struct stat status;
        if (fstatat(dirfd(list), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode))
            strv_push(names, entry->d_name);
    }
    if (list)
        closedir(list);
}

static bool has_name(const struct strv *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

/* An absent file is left out. */
static bool copy_file(const char *from, const char *to, const char *name, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *source = alloc_printf("%s/%s", from, name);
    scoped(alloc_release) char *target = alloc_printf("%s/%s", to, name);
    struct stat status;
    if (lstat(source, &status) < 0 && errno == ENOENT)
        return true;
    return file_read(source, FILE_LIMIT_BYTES, &text, error) &&
           (file_content_equals(target, text.data ? text.data : "", text.length) ||
            file_write(target, text.data ? text.data : "", text.length, status.st_mode & 0777,
                       error));
}

/* What only the target has is removed from it. */
static bool copy_folder(const char *from, const char *to, struct error *error) {
    scoped(strv_done) struct strv names = {0}, others = {0};
    bool good = true;
    list_files(from, &names);
    list_files(to, &others);
    if (names.count)
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
    list_files(documents, &names);
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

static bool restore_digests(struct home *home, const struct store_instance *instance,
                            const char *folder, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *path = alloc_printf("%s/" DIGESTS, folder);
    bool good = file_read(path, FILE_LIMIT_BYTES, &text, error);
    char *rest = text.data;
    for (char *line; good && rest && (line = strsep(&rest, "\n"));) {
        char *name = strchr(line, ' ');
        if (!name || name - line >= DIGEST_LINE_BYTES)
            continue;
        *name++ = 0;
        good = generated_table_put(home->store, instance->id, name, line, error);
    }
    return good;
}

/* --- both --- */

bool kept_files_save(struct home *home, const struct store_instance *instance, const char *snapshot,
                     struct error *error) {
    scoped(alloc_release) char *from = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *to = kept_files_path(home, instance->name, snapshot);
    return home_make_folder(home, to, error) && copy_all(from, to, error) &&
           save_digests(home, instance, to, error);
}

bool kept_files_restore(struct home *home, const struct store_instance *instance,
                        const char *snapshot, struct error *error) {
    scoped(alloc_release) char *from = kept_files_path(home, instance->name, snapshot);
    scoped(alloc_release) char *to = home_instance_folder(home, instance->name);
    return copy_all(from, to, error) && restore_digests(home, instance, from, error);
}
