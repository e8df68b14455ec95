#include "home/home.h"

#include "base/account.h"
#include "base/alloc.h"
#include "base/file.h"
#include "home/place.h"
#include "home/run_folder.h"
#include "store/cloud_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_FOLDER "var/pgsup"

static char *user_folder(void) {
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
                     "no cloud in %s: create one with `pgsup launch` or `pgsup cloud create`, or "
                     "choose another home with -p",
                     path);
}

bool home_check_owner(const char *path, uid_t owner, struct error *error) {
    if (owner == geteuid())
        return true;
    scoped(alloc_release) char *name = account_name(owner);
    if (geteuid() == 0 && name)
        return error_set(error, ERROR_WRONG_STATE,
                         "the home %s belongs to %s: only that user can work in it, by `sudo pgsup "
                         "up` or as `sudo -u %s pgsup -p %s`",
                         path, name, name, path);
    return error_set(error, ERROR_WRONG_STATE,
                     "the home %s belongs to %s: only that user can work in it", path,
                     name ? name : "a user without a name");
}

static bool check_folder(const char *path, struct error *error) {
    struct stat status;
    scoped(file_release) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return fail_no_cloud(path, error);
    if (fd < 0 && errno == ENOTDIR)
        return error_set(error, ERROR_WRONG_STATE, "the home %s is not a folder", path);
    if (fd >= 0 && fstat(fd, &status) == 0 && access(path, R_OK | W_OK | X_OK) == 0)
        return home_check_owner(path, status.st_uid, error);
    int number = errno;
    const char *why = strerror(number);
    if (fd < 0 && number == EPERM)
        return error_set(
            error, ERROR_WRONG_STATE,
            "the home %s cannot be opened (%s): on a Mac, jobs of launchd and programs "
            "that nobody was asked about may not open Documents, Desktop, Downloads "
            "and /Volumes; move it to ~/var/pgsup, or give pgsup Full Disk Access",
            path, why);
    if (stat(path, &status) < 0)
        return error_errno(error, "cannot open the home %s", path);
    const char *what = access(path, R_OK | X_OK) == 0 ? "written" : "read";
    scoped(alloc_release) char *owner = account_name(status.st_uid);
    return error_set(
        error, ERROR_WRONG_STATE,
        "the home %s cannot be %s (%s): it belongs to %s, check its owner and mode, or "
        "choose another home with -p",
        path, what, why, owner ? owner : "a user without a name");
}

/* place: where it was opened before; caller frees. */
static bool find_cloud(const struct home *home, char **place, struct error *error) {
    struct error problem = {0};
    if (cloud_table_get_place(home->store, place, &problem))
        return true;
    return problem.code == ERROR_NOT_FOUND ? fail_no_cloud(home->path, error)
                                           : error_copy(error, &problem);
}

bool home_open(const char *path, struct home *home, struct error *error) {
    if (!check_folder(path, error))
        return false;
    *home = (struct home){.path = normalise(path)};
    scoped(alloc_release) char *database = home_file(home, HOME_DATABASE);
    scoped(alloc_release) char *before = NULL;
    if ((file_exists(database) || fail_no_cloud(path, error)) &&
        store_open(database, STORE_OPEN, &home->store, error) && find_cloud(home, &before, error)) {
        home->run = run_folder_open(home->path, error);
        if (home->run) {
            home->notice = place_check(home->store, before, home->path, HOME_DATABASE);
            return true;
        }
    }
    home_close(home);
    return false;
}

void home_close(struct home *home) {
    store_close(home->store);
    free(home->path);
    free(home->run);
    free(home->notice);
    *home = (struct home){0};
}

bool home_check_outside(const struct home *home, const char *folder, struct error *error) {
    scoped(alloc_release) char *inner = realpath(folder, NULL);
    scoped(alloc_release) char *outer = realpath(home->path, NULL);
    size_t length = outer ? strlen(outer) : 0;
    if (!inner || !outer || strncmp(inner, outer, length) != 0 ||
        (inner[length] != '/' && inner[length]))
        return true;
    return error_set(error, ERROR_INVALID,
                     "the folder %s is in the home %s, with which it would be lost: choose one "
                     "outside of it, on another disk if you can",
                     folder, home->path);
}

char *home_file(const struct home *home, const char *relative) {
    return alloc_printf("%s/%s", home->path, relative);
}

char *home_instance_folder(const struct home *home, const char *name) {
    return alloc_printf("%s/" HOME_INSTANCES "/%s", home->path, name);
}

/* It comes into its place as a whole: one that is made there would hide where the real one is. */
static bool is_of_instance(const struct home *home, const char *path) {
    scoped(alloc_release) char *instances = home_file(home, HOME_INSTANCES "/");
    size_t length = strlen(instances);
    return strncmp(path, instances, length) == 0 && path[length] != '.' &&
           !strchr(path + length, '/');
}

bool home_make_folder(const struct home *home, const char *path, struct error *error) {
    scoped(alloc_release) char *above = alloc_string(path);
    char *slash = strrchr(above, '/');
    if (file_is_directory(path))
        return true;
    if (is_of_instance(home, path))
        return error_set(error, ERROR_NOT_FOUND,
                         "the folder %s is gone: its instance was renamed or removed a moment ago, "
                         "or somebody moved it away",
                         path);
    if (slash && slash > above) {
        *slash = 0;
        if (!home_make_folder(home, above, error))
            return false;
    }
    return file_make_directory(path, 0700, error);
}
