#include "home/instance/recovery.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/layout.h"
#include "store/generated_table.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- renaming --- */

char *recovery_rename_mark(const char *folder, int64_t id) {
    return alloc_printf("%s/.renamed-%lld", folder, (long long)id);
}

/* Somebody else may have completed it a moment ago. */
static bool move_folder(const char *from, const char *to, struct error *error) {
    return rename(from, to) == 0 || (errno == ENOENT && file_exists(to)) ||
           error_errno(error, "cannot rename %s to %s", from, to);
}

char *recovery_find_renamed(const struct home *home, int64_t id) {
    scoped(alloc_release) char *instances = home_file(home, HOME_INSTANCES);
    DIR *list = opendir(instances);
    char *found = NULL;
    for (struct dirent *entry; !found && list && (entry = readdir(list));) {
        scoped(alloc_release) char *folder = alloc_printf("%s/%s", instances, entry->d_name);
        scoped(alloc_release) char *mark = recovery_rename_mark(folder, id);
        if (entry->d_name[0] != '.' && file_exists(mark))
            found = alloc_string(folder);
    }
    if (list)
        closedir(list);
    return found;
}

bool recovery_check_name(struct home *home, const struct store_instance *instance,
                         struct error *error) {
    struct store_instance now = {0};
    bool good = instance_table_get(home->store, instance->name, &now, error) &&
                (now.id == instance->id ||
                 error_set(error, ERROR_WRONG_STATE,
                           "another instance is called \"%s\" by now: try again", instance->name));
    store_instance_done(&now);
    return good;
}

/* A rename is recorded before the folder moves: with a row of before, its new place would be taken
 * for the old one. */
bool recovery_complete_rename(struct home *home, const struct store_instance *instance,
                              struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *old =
        file_exists(folder) ? NULL : recovery_find_renamed(home, instance->id);
    return !old || (recovery_check_name(home, instance, error) && move_folder(old, folder, error));
}

void recovery_end_rename(struct home *home, const struct store_instance *instance) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *mark = recovery_rename_mark(folder, instance->id);
    unlink(mark);
}

/* --- resetting --- */

static bool move_in(const char *stage, const char *folder, const char *name, struct error *error) {
    scoped(alloc_release) char *from = alloc_printf("%s/%s", stage, name);
    scoped(alloc_release) char *to = alloc_printf("%s/%s", folder, name);
    return rename(from, to) == 0 || errno == ENOENT || error_errno(error, "cannot update %s", to);
}

/* The staging folder goes last: as long as it is there, there is something to do. */
static bool finish_reset(const char *stage, const char *folder, struct error *error) {
    static const char *const names[] = {
        LAYOUT_OS_DISK, LAYOUT_DOCUMENTS "/meta-data", LAYOUT_DOCUMENTS "/user-data",
        LAYOUT_DOCUMENTS "/vendor-data", LAYOUT_DOCUMENTS "/network-config"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!move_in(stage, folder, names[i], error))
            return false;
    scoped(alloc_release) char *known_hosts = alloc_printf("%s/" LAYOUT_KNOWN_HOSTS, folder);
    if (unlink(known_hosts) < 0 && errno != ENOENT)
        return error_errno(error, "cannot remove %s", known_hosts);
    return file_remove_tree(stage, error);
}

static bool is_wanted(const char *name, const char *prefix) {
    return prefix ? strncmp(name, prefix, strlen(prefix)) == 0 : name[0] != '.';
}

/* The first entry that begins so, NULL: that is not hidden. Each call reads anew, because entries
 * are moved away in between. name: NULL if there is none; caller frees. */
static bool find_entry(DIR *list, const char *prefix, char **name, struct error *error) {
    struct dirent *entry;
    rewinddir(list);
    do
        errno = 0;
    while ((entry = readdir(list)) && !is_wanted(entry->d_name, prefix));
    *name = entry ? alloc_string(entry->d_name) : NULL;
    return entry || errno == 0 || error_errno(error, "cannot read a folder of the instance");
}

/* A change that is staged in a folder in INSTANCEDIR called so, and a word: the one whose word is
 * `wanted` counts and is finished, the others are removed. */
struct staged {
    const char *prefix, *wanted;
    bool (*finish)(const char *stage, const char *folder, struct error *error);
};

static bool complete_each(DIR *list, const char *folder, const struct staged *staged,
                          struct error *error) {
    for (bool good = true; good;) {
        scoped(alloc_release) char *name = NULL;
        if (!find_entry(list, staged->prefix, &name, error))
            return false;
        if (!name)
            return true;
        scoped(alloc_release) char *stage = alloc_printf("%s/%s", folder, name);
        bool counts = strcmp(name + strlen(staged->prefix), staged->wanted) == 0;
        good = counts ? staged->finish(stage, folder, error) : file_remove_tree(stage, error);
    }
    return false;
}

static bool complete_staged(const struct home *home, const struct store_instance *instance,
                            const struct staged *staged, struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    DIR *list = opendir(folder);
    if (!list)
        return errno == ENOENT || error_errno(error, "cannot read %s", folder);
    bool good = complete_each(list, folder, staged, error);
    closedir(list);
    return good;
}

bool recovery_complete_reset(struct home *home, const struct store_instance *instance,
                             struct error *error) {
    const struct staged staged = {RECOVERY_RESET_STAGE, instance->instance_id, finish_reset};
    return complete_staged(home, instance, &staged, error);
}

/* --- restoring --- */

/* A folder is replaced as a whole. */
static bool move_over(const char *from, const char *to, struct error *error) {
    if (file_is_directory(from) && !file_remove_tree(to, error))
        return false;
    return rename(from, to) == 0 || error_errno(error, "cannot update %s", to);
}

static bool move_all(DIR *list, const char *stage, const char *folder, struct error *error) {
    for (bool good = true; good;) {
        scoped(alloc_release) char *name = NULL;
        if (!find_entry(list, NULL, &name, error))
            return false;
        if (!name)
            return true;
        scoped(alloc_release) char *from = alloc_printf("%s/%s", stage, name);
        scoped(alloc_release) char *to = alloc_printf("%s/%s", folder, name);
        good = move_over(from, to, error);
    }
    return false;
}

/* The staging folder goes when nothing is left in it. */
static bool finish_restore(const char *stage, const char *folder, struct error *error) {
    DIR *list = opendir(stage);
    if (!list)
        return error_errno(error, "cannot read %s", stage);
    bool good = move_all(list, stage, folder, error);
    closedir(list);
    return good && file_remove_tree(stage, error);
}

bool recovery_complete_restore(struct home *home, const struct store_instance *instance,
                               struct error *error) {
    char word[SECRET_SHA256_SIZE];
    if (!generated_table_get(home->store, instance->id, RECOVERY_RESTORE_KEY, word, error))
        return false;
    const struct staged staged = {RECOVERY_RESTORE_STAGE, word, finish_restore};
    return complete_staged(home, instance, &staged, error);
}
