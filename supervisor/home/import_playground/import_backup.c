#include "home/import_playground/import_backup.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/platform.h"
#include "base/secret.h"
#include "home/layout.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGED               "." IMPORT_BACKUP_FOLDER ".new"
#define PLAYBOOK_LIMIT_BYTES (1u << 20)
#define OLD_COLLECTION       "mrmat.playground" /* which nobody installs any more */

static const char *const files[] = {
    LAYOUT_SEED_DRIVE,  LAYOUT_SCRIPT,   LAYOUT_INVENTORY,
    LAYOUT_ANSIBLE_CFG, LAYOUT_PLAYBOOK, LAYOUT_ARGUMENTS, /* which the predecessor had not */
};

bool import_backup_exists(const struct home *home) {
    scoped(alloc_release) char *path = home_file(home, IMPORT_BACKUP_FOLDER);
    return file_is_directory(path);
}

static bool is_regular(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* Of a playbook that calls other roles by now, the user is the author. */
static bool is_taken(const char *path, const char *name) {
    scoped(buffer_done) struct buffer text = {0};
    return strcmp(name, LAYOUT_PLAYBOOK) != 0 ||
           (file_read(path, PLAYBOOK_LIMIT_BYTES, &text, NULL) && text.data &&
            strstr(text.data, OLD_COLLECTION));
}

/* --- making it --- */

struct copying {
    const struct home *home;
    const char *from, *to; /* folders */
    struct error *error;
};

static bool copy_one(const struct copying *copying, const char *name) {
    scoped(alloc_release) char *from = alloc_printf("%s/%s", copying->from, name);
    scoped(alloc_release) char *to = alloc_printf("%s/%s", copying->to, name);
    if (!is_regular(from) || !is_taken(from, name))
        return true;
    return platform_copy_file(from, to, 0600, copying->error);
}

static bool copy_documents(const struct copying *copying) {
    scoped(alloc_release) char *from = alloc_printf("%s/cloud-init", copying->from);
    scoped(alloc_release) char *to = alloc_printf("%s/cloud-init", copying->to);
    const struct copying documents = {copying->home, from, to, copying->error};
    DIR *list = opendir(from);
    bool good = !list || home_make_folder(copying->home, to, copying->error);
    for (struct dirent *entry; good && list && (entry = readdir(list));)
        good = copy_one(&documents, entry->d_name);
    if (list)
        closedir(list);
    return good;
}

static bool copy_instance(const struct home *home, const char *staged, const char *name,
                          struct error *error) {
    scoped(alloc_release) char *from = home_instance_folder(home, name);
    scoped(alloc_release) char *to = alloc_printf("%s/" HOME_INSTANCES "/%s", staged, name);
    const struct copying copying = {home, from, to, error};
    if (!home_make_folder(home, to, error))
        return false;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (!copy_one(&copying, files[i]))
            return false;
    return copy_documents(&copying);
}

static bool stage(const struct home *home, const char *staged,
                  const struct store_instances *instances, struct error *error) {
    const struct copying database = {home, home->path, staged, error};
    if (!file_remove_tree(staged, error) || !home_make_folder(home, staged, error) ||
        !copy_one(&database, HOME_DATABASE))
        return false;
    for (size_t i = 0; i < instances->count; i++)
        if (!copy_instance(home, staged, instances->items[i].name, error))
            return false;
    return true;
}

bool import_backup_make(const struct home *home, const struct store_instances *instances,
                        struct error *error) {
    scoped(alloc_release) char *staged = home_file(home, STAGED);
    scoped(alloc_release) char *final = home_file(home, IMPORT_BACKUP_FOLDER);
    if (stage(home, staged, instances, error) && file_remove_tree(final, error)) {
        if (rename(staged, final) == 0)
            return true;
        error_errno(error, "cannot create %s", final);
    }
    file_remove_tree(staged, NULL);
    return error_prefix(error, "the backup of the old home");
}

void import_backup_remove(const struct home *home) {
    scoped(alloc_release) char *path = home_file(home, IMPORT_BACKUP_FOLDER);
    file_remove_tree(path, NULL);
}

/* --- what is in it has no business in the home any more --- */

static bool sweep_one(const char *kept, const char *path, struct error *error) {
    char before[SECRET_SHA256_SIZE], now[SECRET_SHA256_SIZE];
    if (!is_regular(path) || !is_regular(kept))
        return true;
    if (!secret_sha256_file(kept, before, error) || !secret_sha256_file(path, now, error))
        return false;
    return strcmp(before, now) != 0 || unlink(path) == 0 ||
           error_errno(error, "cannot remove %s", path);
}

static bool sweep_folder(const char *kept, const char *path, struct error *error) {
    DIR *list = opendir(kept);
    bool good = true;
    for (struct dirent *entry; good && list && (entry = readdir(list));) {
        scoped(alloc_release) char *copy = alloc_printf("%s/%s", kept, entry->d_name);
        scoped(alloc_release) char *file = alloc_printf("%s/%s", path, entry->d_name);
        good = sweep_one(copy, file, error);
    }
    if (list)
        closedir(list);
    return good;
}

static bool sweep_instance(const struct home *home, const char *name, struct error *error) {
    scoped(alloc_release) char *kept =
        alloc_printf("%s/" IMPORT_BACKUP_FOLDER "/instances/%s", home->path, name);
    scoped(alloc_release) char *folder = home_instance_folder(home, name);
    scoped(alloc_release) char *kept_documents = alloc_printf("%s/cloud-init", kept);
    scoped(alloc_release) char *documents = alloc_printf("%s/cloud-init", folder);
    return sweep_folder(kept, folder, error) && sweep_folder(kept_documents, documents, error);
}

bool import_backup_sweep(const struct home *home, struct error *error) {
    scoped(alloc_release) char *path = home_file(home, IMPORT_BACKUP_FOLDER "/instances");
    DIR *list = opendir(path);
    bool good = true;
    for (struct dirent *entry; good && list && (entry = readdir(list));)
        good = entry->d_name[0] == '.' || sweep_instance(home, entry->d_name, error);
    if (list)
        closedir(list);
    return good;
}
