#include "home/change/trash.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lock_holder.h"
#include "base/platform.h"
#include "home/access/known_hosts.h"
#include "home/instance/regenerate.h"
#include "store/cloud_table.h"
#include "store/instance_archive.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_MS      86400000ll
#define ROWS_FILE   "rows.sqlite3"
#define BLOCK_BYTES 512u /* of st_blocks, whatever the file system's are */

uint64_t trash_folder_bytes(const char *folder) {
    DIR *list = opendir(folder);
    uint64_t bytes = 0;
    for (struct dirent *entry; list && (entry = readdir(list));) {
        struct stat status;
        if (fstatat(dirfd(list), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode))
            bytes += (uint64_t)status.st_blocks * BLOCK_BYTES;
    }
    if (list)
        closedir(list);
    return bytes;
}

/* --- list --- */

void trash_list_done(struct trash_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].folder);
    }
    free(list->items);
    *list = (struct trash_list){0};
}

/* "web-2-17" is the instance "web-2" of id 17. */
static void add_entry(struct trash_list *list, const char *trash, const char *file) {
    const char *id = strrchr(file, '-');
    scoped(alloc_release) char *rows = alloc_printf("%s/%s/" ROWS_FILE, trash, file);
    struct stat status;
    if (!id || id == file || stat(rows, &status) < 0)
        return;
    list->items = alloc_resize(list->items, (list->count + 1) * sizeof *list->items);
    struct trash_entry *entry = &list->items[list->count++];
    entry->name = alloc_slice(file, (size_t)(id - file));
    entry->folder = alloc_printf("%s/%s", trash, file);
    entry->removed_ms = platform_modified_ms(&status);
    entry->bytes = trash_folder_bytes(entry->folder);
}

static int compare_entries(const void *one, const void *other) {
    const struct trash_entry *left = one, *right = other;
    if (left->removed_ms != right->removed_ms)
        return left->removed_ms < right->removed_ms ? 1 : -1;
    return strcmp(right->folder, left->folder);
}

bool trash_list(const struct home *home, struct trash_list *list, struct error *error) {
    scoped(alloc_release) char *trash = home_file(home, TRASH_FOLDER);
    *list = (struct trash_list){0};
    if (!file_exists(trash))
        return true;
    DIR *folder = opendir(trash);
    if (!folder)
        return error_errno(error, "cannot read %s", trash);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.')
            add_entry(list, trash, entry->d_name);
    closedir(folder);
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare_entries);
    return true;
}

/* --- in --- */

static bool save_rows(struct home *home, const struct store_instance *instance, const char *path,
                      struct error *error) {
    unlink(path);
    scoped(file_release) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(error, "cannot write %s", path);
    return instance_archive_save(home->store, instance->id, path, error);
}

char *trash_place(const struct home *home, const struct store_instance *instance) {
    scoped(alloc_release) char *trash = home_file(home, TRASH_FOLDER);
    return alloc_printf("%s/%s-%lld", trash, instance->name, (long long)instance->id);
}

char *trash_put(struct home *home, const struct store_instance *instance, struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *rows = alloc_printf("%s/" ROWS_FILE, folder);
    scoped(alloc_release) char *trash = home_file(home, TRASH_FOLDER);
    char *trashed = trash_place(home, instance);
    if (home_make_folder(home, trash, error) && save_rows(home, instance, rows, error) &&
        (rename(folder, trashed) == 0 || error_errno(error, "cannot move %s to %s", folder, trash)))
        return trashed;
    unlink(rows);
    free(trashed);
    return NULL;
}

bool trash_take_back(const struct home *home, const char *trashed,
                     const struct store_instance *instance) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *rows = alloc_printf("%s/" ROWS_FILE, folder);
    if (rename(trashed, folder) < 0)
        return false;
    unlink(rows);
    return true;
}

/* --- out --- */

static bool check_free(struct home *home, const char *name, const char *folder,
                       struct error *error) {
    struct store_instance instance = {0};
    struct error none = {0};
    bool taken = instance_table_get(home->store, name, &instance, &none);
    store_instance_done(&instance);
    if (!taken && none.code != ERROR_NOT_FOUND)
        return error_copy(error, &none);
    if (taken || file_exists(folder))
        return error_set(error, ERROR_EXISTS,
                         "another instance is called \"%s\" now: `pgsup instance rename` gives it "
                         "another name",
                         name);
    return true;
}

/* The rows come last: until they are there, the folder is locked, and taken back by a failure. */
static bool restore_entry(struct home *home, const struct trash_entry *entry, struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, entry->name);
    scoped(alloc_release) char *rows = alloc_printf("%s/" ROWS_FILE, folder);
    char *notice = NULL;
    if (!check_free(home, entry->name, folder, error))
        return false;
    scoped(file_release) int lock = file_lock_folder(entry->folder);
    if (lock < 0)
        return lock_holder_explain(entry->folder, entry->folder, error);
    if (rename(entry->folder, folder) < 0)
        return error_errno(error, "cannot move %s to %s", entry->folder, folder);
    if (!instance_archive_restore(home->store, rows, error)) {
        rename(folder, entry->folder);
        return error_prefix(error, "cannot restore \"%s\"", entry->name);
    }
    unlink(rows);
    bool good = instance_regenerate_now(home, entry->name, &notice, error) &&
                known_hosts_collect(home, error);
    free(notice);
    return good;
}

bool trash_restore(struct home *home, const char *name, struct error *error) {
    struct trash_list list = {0};
    const struct trash_entry *found = NULL;
    if (!trash_list(home, &list, error))
        return false;
    for (size_t i = 0; i < list.count && !found; i++)
        if (strcmp(list.items[i].name, name) == 0)
            found = &list.items[i];
    bool good = found ? restore_entry(home, found, error)
                      : error_set(error, ERROR_NOT_FOUND,
                                  "no instance \"%s\" is in the trash: `pgsup trash list` shows "
                                  "what is",
                                  name);
    trash_list_done(&list);
    return good;
}

bool trash_expire(const struct home *home, struct error *error) {
    scoped(store_cloud_done) struct store_cloud cloud = {0};
    return cloud_table_get(home->store, &cloud, error) &&
           trash_empty(home, (int64_t)cloud.trash_days * DAY_MS, error);
}

bool trash_empty(const struct home *home, int64_t age_ms, struct error *error) {
    struct trash_list list = {0};
    bool good = trash_list(home, &list, error);
    for (size_t i = 0; good && i < list.count; i++)
        if (!age_ms || clock_wall_ms() - list.items[i].removed_ms >= age_ms)
            good = file_remove_tree(list.items[i].folder, error);
    trash_list_done(&list);
    return good;
}
