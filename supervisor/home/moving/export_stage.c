#include "home/moving/export_stage.h"

#include "base/alloc.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKER ".incomplete"
#define WHOLE  ".pgsup-whole" /* the same file, until the folder has its name */

static char *without_slashes(const char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return alloc_slice(path, length);
}

static bool has_marker(const char *folder) {
    scoped(alloc_release) char *marker = alloc_printf("%s/" MARKER, folder);
    scoped(alloc_release) char *whole = alloc_printf("%s/" WHOLE, folder);
    return file_exists(marker) || file_exists(whole);
}

static bool clear_way(struct export_stage *stage, struct error *error) {
    struct stat status;
    if (lstat(stage->path, &status) == 0)
        return error_set(error, ERROR_EXISTS, "%s exists already: choose another folder",
                         stage->path);
    if (lstat(stage->folder, &status) < 0)
        return true;
    scoped(file_release) int lock = file_lock_folder(stage->folder);
    if (lock < 0 && errno == EWOULDBLOCK)
        return error_set(error, ERROR_WRONG_STATE, "another process is writing %s", stage->folder);
    if (!has_marker(stage->folder))
        return error_set(error, ERROR_EXISTS, "%s is in the way: move it away", stage->folder);
    stage->replaced = true;
    return file_remove_tree(stage->folder, error);
}

static bool make(struct export_stage *stage, struct error *error) {
    scoped(alloc_release) char *marker = alloc_printf("%s/" MARKER, stage->folder);
    if (mkdir(stage->folder, 0700) < 0)
        return error_errno(error, "cannot create the folder %s", stage->folder);
    stage->lock = file_lock_folder(stage->folder);
    return (stage->lock >= 0 || error_errno(error, "cannot lock %s", stage->folder)) &&
           file_write(marker, "", 0, 0600, error);
}

bool export_stage_open(const char *path, struct export_stage *stage, struct error *error) {
    scoped(alloc_release) char *absolute = file_absolute(path);
    *stage = (struct export_stage){.path = without_slashes(absolute), .lock = -1};
    stage->folder = alloc_printf("%s.part", stage->path);
    if (clear_way(stage, error) && make(stage, error))
        return true;
    if (stage->lock < 0)
        alloc_replace(&stage->folder, NULL);
    return false;
}

static bool sync_files(const char *folder, struct error *error) {
    DIR *list = opendir(folder);
    struct dirent *entry;
    if (!list)
        return error_errno(error, "cannot read %s", folder);
    bool good = true;
    while (good && (errno = 0, entry = readdir(list))) {
        scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, entry->d_name);
        good = entry->d_name[0] == '.' || file_sync(path, error);
    }
    if (good && errno)
        good = error_errno(error, "cannot read %s", folder);
    closedir(list);
    return good;
}

static bool sync_parent(const char *path, struct error *error) {
    scoped(alloc_release) char *parent = file_parent(path);
    return file_sync(parent, error);
}

/* Whoever reads its README.md may remove the instance here: all of it is on the disk first. */
bool export_stage_commit(struct export_stage *stage, struct error *error) {
    scoped(alloc_release) char *marker = alloc_printf("%s/" MARKER, stage->folder);
    scoped(alloc_release) char *whole = alloc_printf("%s/" WHOLE, stage->folder);
    scoped(alloc_release) char *last = alloc_printf("%s/" WHOLE, stage->path);
    if (!sync_files(stage->folder, error))
        return false;
    if (rename(marker, whole) < 0)
        return error_errno(error, "cannot make %s of %s", stage->path, stage->folder);
    if (!file_sync(stage->folder, error) || !sync_parent(stage->path, error))
        return false;
    if (rename(stage->folder, stage->path) < 0)
        return error_errno(error, "cannot make %s of %s", stage->path, stage->folder);
    alloc_replace(&stage->folder, NULL);
    unlink(last);
    return sync_parent(stage->path, error);
}

void export_stage_close(struct export_stage *stage) {
    if (stage->folder)
        file_remove_tree(stage->folder, NULL);
    file_release(&stage->lock);
    alloc_release(&stage->folder);
    alloc_release(&stage->path);
}
