#include "home/change/remove.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/lock_holder.h"
#include "home/access/known_hosts.h"
#include "home/change/trash.h"
#include "home/instance/recovery.h"
#include "machine/core/run_file.h"
#include "store/transaction.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* NAME.TAG.KIND, and names have no dot: of an instance called "pgsup" too, not the supervisor's
 * pgsup.sock. */
static bool is_run_file(const char *file, const char *name) {
    size_t length = strlen(name);
    return strncmp(file, name, length) == 0 && file[length] == '.' &&
           strchr(file + length + 1, '.') != NULL;
}

static void remove_run_files(const char *folder, const char *name) {
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, entry->d_name);
        if (is_run_file(entry->d_name, name))
            unlink(path);
    }
    if (list)
        closedir(list);
}

static bool remove_row(struct home *home, int64_t id, struct error *error) {
    return store_begin(home->store, error) &&
           store_end(home->store, instance_table_remove(home->store, id, error), error);
}

/* The folder is renamed first, so that what is seen under the instance's name is whole or gone. */
bool instance_remove(struct home *home, const struct store_instance *instance,
                     struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *trashed = NULL, *apart = run_file_apart(home->run);
    if (!recovery_complete_rename(home, instance, error))
        return false;
    scoped(file_release) int lock = file_lock_folder(folder);
    int number = errno;
    bool present = file_exists(folder);
    errno = number;
    if (present && lock < 0)
        return lock_holder_explain(folder, folder, error);
    if (!recovery_check_name(home, instance, error))
        return false;
    recovery_end_rename(home, instance);
    if (present && !(trashed = trash_put(home, instance, error)))
        return error_prefix(error, "cannot remove \"%s\"", instance->name);
    if (!remove_row(home, instance->id, error)) {
        if (trashed)
            trash_take_back(home, trashed, instance);
        return false;
    }
    remove_run_files(home->run, instance->name);
    remove_run_files(apart, instance->name);
    return trash_expire(home, error) && known_hosts_collect(home, error);
}
