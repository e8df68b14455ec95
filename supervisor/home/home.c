#include "home/home.h"

#include "base/account.h"
#include "base/alloc.h"
#include "base/file.h"
#include "home/run_folder.h"
#include "store/cloud_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_FOLDER "var/pgsup"

/* Under sudo, of the person who typed it: HOME may be root's there. */
static char *user_folder(void) {
    const char *behind_sudo = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
    if (behind_sudo && *behind_sudo) {
        char *folder = account_folder_by_name(behind_sudo);
        if (folder)
            return folder;
    }
    const char *folder = getenv("HOME");
    if (folder && *folder)
        return alloc_string(folder);
    char *own = account_folder(getuid());
    return own ? own : alloc_string("/");
}

/* Absolute, without slashes at the end: names are made from it and shown. */
static char *normalise(const char *path) {
    char *absolute = file_absolute(path);
    for (size_t length = strlen(absolute); length > 1 && absolute[length - 1] == '/';)
        absolute[--length] = 0;
    return absolute;
}

char *home_default_path(const char *option) {
    const char *path = option ? option : getenv("PGSUP_HOME");
    if (path && *path)
        return normalise(path);
    scoped(alloc_release) char *user = user_folder();
    scoped(alloc_release) char *folder = alloc_printf("%s/%s", user, DEFAULT_FOLDER);
    return normalise(folder);
}

static bool fail_no_cloud(const char *path, struct error *error) {
    return error_set(error, ERROR_NOT_FOUND,
                     "no cloud in %s: create one with `pgsup cloud create`, or choose another home "
                     "with -p",
                     path);
}

static bool check_folder(const char *path, struct stat *status, struct error *error) {
    if (stat(path, status) < 0)
        return errno == ENOENT ? fail_no_cloud(path, error)
                               : error_errno(error, "cannot open the home %s", path);
    if (!S_ISDIR(status->st_mode))
        return error_set(error, ERROR_WRONG_STATE, "the home %s is not a folder", path);
    if (access(path, R_OK | W_OK | X_OK) == 0)
        return true;
    const char *why = strerror(errno);
    const char *what = access(path, R_OK | X_OK) == 0 ? "written" : "read";
    scoped(alloc_release) char *owner = account_name(status->st_uid);
    return error_set(
        error, ERROR_WRONG_STATE,
        "the home %s cannot be %s (%s): it belongs to %s, check its owner and mode, or "
        "choose another home with -p",
        path, what, why, owner ? owner : "a user without a name");
}

static bool check_cloud(const struct home *home, struct error *error) {
    struct store_cloud cloud = {0};
    struct error problem = {0};
    if (cloud_table_get(home->store, &cloud, &problem)) {
        store_cloud_done(&cloud);
        return true;
    }
    return problem.code == ERROR_NOT_FOUND ? fail_no_cloud(home->path, error)
                                           : error_copy(error, &problem);
}

bool home_open(const char *path, struct home *home, struct error *error) {
    struct stat status;
    if (!check_folder(path, &status, error))
        return false;
    *home = (struct home){.path = normalise(path), .owner = status.st_uid, .group = status.st_gid};
    scoped(alloc_release) char *database = home_file(home, HOME_DATABASE);
    if ((file_exists(database) || fail_no_cloud(path, error)) &&
        store_open(database, STORE_OPEN, &home->store, error) && check_cloud(home, error)) {
        home->run = run_folder_open(home->path, home->owner, home->group, error);
        if (home->run)
            return true;
    }
    home_close(home);
    return false;
}

void home_close(struct home *home) {
    store_close(home->store);
    free(home->path);
    free(home->run);
    *home = (struct home){0};
}

char *home_file(const struct home *home, const char *relative) {
    return alloc_printf("%s/%s", home->path, relative);
}

char *home_instance_folder(const struct home *home, const char *name) {
    return alloc_printf("%s/" HOME_INSTANCES "/%s", home->path, name);
}

bool home_chown(const struct home *home, const char *path, struct error *error) {
    if (geteuid() != 0)
        return true;
    return lchown(path, home->owner, home->group) == 0 ||
           error_errno(error, "cannot change the owner of %s to that of %s", path, home->path);
}

bool home_make_folder(const struct home *home, const char *path, struct error *error) {
    scoped(alloc_release) char *above = alloc_string(path);
    char *slash = strrchr(above, '/');
    if (file_is_directory(path))
        return true;
    if (slash && slash > above) {
        *slash = 0;
        if (!home_make_folder(home, above, error))
            return false;
    }
    return file_make_directory(path, 0700, error) && home_chown(home, path, error);
}
