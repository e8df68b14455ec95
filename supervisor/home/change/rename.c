#include "home/change/rename.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "home/instance/definition.h"
#include "home/instance/recovery.h"
#include "home/instance/regenerate.h"
#include "home/run_folder.h"
#include "store/transaction.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool rename_check(struct home *home, const char *name, struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, name);
    if (!name_check_instance(name, error) || !run_folder_check_name(home->run, name, error) ||
        !definition_check_free(home->store, name, error))
        return false;
    return !file_exists(folder) ||
           error_set(error, ERROR_EXISTS, "%s exists but belongs to no instance: move it away",
                     folder);
}

static bool rename_record(struct home *home, struct store_instance *renamed, struct error *error) {
    return store_begin(home->store, error) &&
           store_end(home->store,
                     definition_check_free(home->store, renamed->name, error) &&
                         instance_table_update(home->store, renamed, error),
                     error);
}

static bool carry_out(struct home *home, struct store_instance *renamed, const char *folder,
                      char **notice, struct error *error) {
    scoped(alloc_release) char *mark = recovery_rename_mark(folder, renamed->id);
    if (!file_write(mark, "", 0, 0600, error))
        return false;
    if (!rename_record(home, renamed, error)) {
        unlink(mark);
        return false;
    }
    bool good = recovery_complete_rename(home, renamed, error);
    if (good)
        recovery_end_rename(home, renamed);
    return (good && instance_regenerate_now(home, renamed->name, notice, error)) ||
           error_prefix(error,
                        "the instance is renamed, but some of its files are not updated; the next "
                        "start updates them");
}

bool instance_rename(struct home *home, const struct store_instance *instance, const char *name,
                     char **notice, struct error *error) {
    struct store_instance renamed = {0};
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    *notice = NULL;
    bool good = rename_check(home, name, error) &&
                instance_table_get(home->store, instance->name, &renamed, error);
    if (good) {
        alloc_replace(&renamed.name, alloc_string(name));
        good = carry_out(home, &renamed, folder, notice, error);
    }
    store_instance_done(&renamed);
    return good;
}
