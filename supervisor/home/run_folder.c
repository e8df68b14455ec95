#include "home/run_folder.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/platform.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What follows a name: ".sh4194304" (the largest process number of Linux) and ".qmp". */
#define TAG_RESERVE  (sizeof ".sh4194304" - 1)
#define KIND_RESERVE (sizeof ".qmp" - 1)

/* Short enough for every legal name: a label of 63 characters fits behind it. */
#define FALLBACK_PREFIX "/tmp/pgsup-"
#define FALLBACK_DIGITS 12

static size_t longest_name(const char *run) {
    size_t taken = strlen(run) + 1 + TAG_RESERVE + KIND_RESERVE;
    return taken < PLATFORM_SOCKET_PATH_MAX ? PLATFORM_SOCKET_PATH_MAX - taken : 0;
}

/* The same for every spelling of one home. */
static char *fallback_path(const char *home_path) {
    char resolved[PATH_MAX], digest[SECRET_SHA256_SIZE];
    const char *path = realpath(home_path, resolved) ? resolved : home_path;
    secret_sha256(path, strlen(path), digest);
    return alloc_printf(FALLBACK_PREFIX "%.*s", FALLBACK_DIGITS, digest);
}

/* Opened without following a link, so that what is checked is what will be used: /tmp is
 * everybody's, but its sticky bit keeps a folder of one's own from being replaced. */
static bool secure(const char *path, struct error *error) {
    struct stat status;
    scoped(file_release) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return error_set(error, ERROR_WRONG_STATE, "%s is not a folder: remove it", path);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, "cannot open the folder %s", path);
    if (status.st_uid != geteuid())
        return error_set(
            error, ERROR_WRONG_STATE,
            "%s belongs to another user (%ld): have it removed, because pgsup does not "
            "put its sockets there",
            path, (long)status.st_uid);
    if ((status.st_mode & 0777) != 0700 && fchmod(fd, 0700) < 0)
        return error_errno(error, "cannot set the mode of %s", path);
    return true;
}

static bool open_folder(const char *path, struct error *error) {
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return error_errno(error, "cannot create the folder %s", path);
    return secure(path, error);
}

/* PATH/run, for people to find the sockets by. What stands there from before the home was moved to
 * so long a path is an empty folder or another link. */
static bool link_to(const char *target, const char *path, struct error *error) {
    char present[PATH_MAX];
    ssize_t length = readlink(path, present, sizeof present - 1);
    if (length > 0) {
        present[length] = 0;
        if (strcmp(present, target) == 0)
            return true;
        unlink(path);
    } else if (file_exists(path) && rmdir(path) < 0) {
        return error_errno(error, "%s should be a link to %s but is something else: move it away",
                           path, target);
    }
    return symlink(target, path) == 0 || errno == EEXIST ||
           error_errno(error, "cannot create the link %s", path);
}

static bool is_link(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

char *run_folder_open(const char *home_path, struct error *error) {
    char *inside = alloc_printf("%s/run", home_path);
    if (longest_name(inside) >= RUN_FOLDER_NAME_RESERVE) {
        if (is_link(inside)) /* left from a longer path */
            unlink(inside);
        if (open_folder(inside, error))
            return inside;
        alloc_release(&inside);
        return NULL;
    }
    char *outside = fallback_path(home_path);
    if (!open_folder(outside, error) || !link_to(outside, inside, error))
        alloc_release(&outside);
    alloc_release(&inside);
    return outside;
}

bool run_folder_check_name(const char *run, const char *name, struct error *error) {
    size_t longest = longest_name(run);
    if (strlen(name) <= longest)
        return true;
    return error_set(error, ERROR_INVALID,
                     "the name \"%s\" makes the paths of its sockets in %s too long: use at most "
                     "%zu characters, or a home with a shorter path",
                     name, run, longest);
}

char *run_folder_lock(const char *run) {
    return alloc_printf("%s/pgsup.lock", run);
}

char *run_folder_control(const char *run) {
    return alloc_printf("%s/pgsup.sock", run);
}

char *run_folder_log(const char *run) {
    return alloc_printf("%s/pgsup.log", run);
}
