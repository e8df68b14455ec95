#include "home/run_folder.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/platform.h"
#include "base/secret.h"
#include "home/running.h"
#include "machine/core/run_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What follows a name: ".sh4194304" (the largest process number of Linux) and ".qmp". As long are
 * the "s/" before a name and ".n999999": machine/core/run_file.h. */
#define TAG_RESERVE  (sizeof ".sh4194304" - 1)
#define KIND_RESERVE (sizeof ".qmp" - 1)

#define PREFIX "pgsup"
#define HOME_DIGITS                                                                                \
    4 /* of the home's digest: a copied link does not lead to the original's folder */
#define RANDOM        "XXXXXX" /* mkdtemp(3): nobody can be there first */
#define FORMER_DIGITS 12       /* of the folders of before, PREFIX "-" and these */

#define LOCK_WAIT_MS 10000u
#define LOCK_LOOK_MS 5

#define HOME_PATH_MAX                                                                              \
    (PLATFORM_SOCKET_PATH_MAX - 1 - TAG_RESERVE - KIND_RESERVE - RUN_FOLDER_NAME_RESERVE -         \
     (sizeof "/run" - 1))

static size_t longest_name(const char *run) {
    size_t taken = strlen(run) + 1 + TAG_RESERVE + KIND_RESERVE;
    return taken < PLATFORM_SOCKET_PATH_MAX ? PLATFORM_SOCKET_PATH_MAX - taken : 0;
}

/* The same for every spelling of one home. */
static void digest_home(const char *home_path, char digest[SECRET_SHA256_SIZE]) {
    char resolved[PATH_MAX];
    const char *path = realpath(home_path, resolved) ? resolved : home_path;
    secret_sha256(path, strlen(path), digest);
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

static bool is_link(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

/* A folder in which nobody but its owner makes anything, and short enough. */
static bool is_own(const char *folder) {
    struct stat status;
    return folder && folder[0] == '/' && stat(folder, &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == geteuid() && (status.st_mode & 022) == 0;
}

static char *template_in(const char *base, const char *digest) {
    size_t length = strlen(base);
    while (length > 1 && base[length - 1] == '/')
        length--;
    return alloc_printf("%.*s/" PREFIX "%.*s" RANDOM, (int)length, base, HOME_DIGITS, digest);
}

/* $XDG_RUNTIME_DIR, or the user's own $TMPDIR as macOS gives one, or /tmp. */
static char *make_folder(const char *digest, struct error *error) {
    const char *const bases[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR")};
    char *path = NULL;
    for (size_t i = 0; i < sizeof bases / sizeof *bases && !path; i++) {
        if (!is_own(bases[i]))
            continue;
        path = template_in(bases[i], digest);
        if (longest_name(path) < RUN_FOLDER_NAME_RESERVE || !mkdtemp(path))
            alloc_release(&path);
    }
    if (!path) {
        path = template_in("/tmp", digest);
        if (!mkdtemp(path)) {
            error_errno(error, "cannot create the folder %s", path);
            alloc_release(&path);
            return NULL;
        }
    }
    if (!secure(path, error)) {
        rmdir(path);
        alloc_release(&path);
    }
    return path;
}

/* What PATH/run leads to, if that is a folder for this home; NULL. */
static char *linked_folder(const char *link, const char *digest) {
    char present[PATH_MAX];
    ssize_t length = readlink(link, present, sizeof present - 1);
    present[length > 0 ? length : 0] = 0;
    const char *name = strrchr(present, '/');
    if (!name || present[0] != '/' || strncmp(++name, PREFIX, strlen(PREFIX)) != 0)
        return NULL;
    name += strlen(PREFIX);
    bool ours = strncmp(name, digest, HOME_DIGITS) == 0 ||
                (name[0] == '-' && strncmp(name + 1, digest, FORMER_DIGITS) == 0);
    return ours && longest_name(present) >= RUN_FOLDER_NAME_RESERVE ? alloc_string(present) : NULL;
}

/* The folder that the link names is made again after a start of the host, unless somebody else has
 * made it. */
static char *open_linked(const char *link, const char *digest) {
    char *folder = linked_folder(link, digest);
    if (folder && !open_folder(folder, NULL))
        alloc_release(&folder);
    return folder;
}

static bool is_deserted(const char *path, bool *deserted, struct error *error) {
    struct running_list list = {0};
    if (!running_look(path, &list, error))
        return false;
    *deserted = list.count == 0 && !run_folder_is_supervised(path);
    running_list_done(&list);
    return true;
}

/* VMs and their supervisor go on where they are, but nobody could reach their sockets. */
static bool check_run(const char *path, struct error *error) {
    bool deserted;
    return is_deserted(path, &deserted, error) &&
           (deserted ||
            error_set(error, ERROR_WRONG_STATE,
                      "VMs of this home, or its supervisor, still run from before it was moved, "
                      "and its path is now too long for their sockets: move it to one of at most "
                      "%zu bytes, and end them there by `pgsup stop --all` and `pgsup down`",
                      HOME_PATH_MAX));
}

/* … or they would be out of sight. The home may as well be a copy of theirs. */
static bool remove_link(const char *link, struct error *error) {
    char target[PATH_MAX];
    bool deserted = true;
    ssize_t length = readlink(link, target, sizeof target - 1);
    target[length > 0 ? length : 0] = 0;
    if (is_own(target) && !is_deserted(target, &deserted, error))
        return false;
    if (!deserted)
        return error_set(error, ERROR_WRONG_STATE,
                         "%s leads to %s, where VMs or a supervisor run: if this home was moved, "
                         "move it back until they have ended by `pgsup stop --all` and `pgsup "
                         "down`; if it is a copy of theirs, `rm %s` parts it from them",
                         link, target, link);
    return unlink(link) == 0 || errno == ENOENT || error_errno(error, "cannot remove %s", link);
}

static void keep_log(const char *path, const char *target, const char *end) {
    scoped(alloc_release) char *log = run_folder_log(path), *kept = run_folder_log(target);
    scoped(alloc_release) char *from = alloc_printf("%s%s", log, end);
    scoped(alloc_release) char *to = alloc_printf("%s%s", kept, end);
    if (file_exists(from))
        platform_copy_file(from, to, 0600, NULL);
}

/* What stands there from before the home was moved to so long a path is another link, or the folder
 * itself. */
static bool clear(const char *path, const char *target, struct error *error) {
    if (is_link(path))
        return remove_link(path, error);
    if (!file_exists(path))
        return true;
    if (!file_is_directory(path))
        return error_set(error, ERROR_WRONG_STATE, "%s is not a folder: remove it", path);
    if (!check_run(path, error))
        return false;
    keep_log(path, target, "");
    keep_log(path, target, ".1");
    return file_remove_tree(path, error);
}

/* PATH/run: by it, and not by the environment, which is another one under cron and sudo, every
 * process of this home finds the folder. */
static char *link_new(const char *link, const char *digest, struct error *error) {
    char *folder = make_folder(digest, error);
    if (!folder || !clear(link, folder, error)) {
        if (folder)
            file_remove_tree(folder, NULL);
        alloc_release(&folder);
        return NULL;
    }
    if (symlink(folder, link) == 0)
        return folder;
    error_errno(error, "cannot create the link %s", link);
    file_remove_tree(folder, NULL);
    alloc_release(&folder);
    return NULL;
}

/* For who replaces PATH/run: what another pgsup has just put there would be taken for what is to be
 * removed. Not the lock of the home's folder, which an import holds while it opens the home. The
 * file stays, as others may wait for it. */
static int lock_link(const char *link, struct error *error) {
    scoped(alloc_release) char *path = alloc_printf("%s.lock", link);
    uint64_t deadline = clock_monotonic_ms() + LOCK_WAIT_MS;
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK || clock_monotonic_ms() >= deadline) {
            error_errno(error, "cannot lock %s, by which one pgsup waits for another", path);
            file_release(&fd);
            return -1;
        }
        poll(NULL, 0, LOCK_LOOK_MS);
    }
    if (fd < 0)
        error_errno(error, "cannot create %s", path);
    return fd;
}

static bool clear_inside(const char *inside, struct error *error) {
    if (!is_link(inside))
        return true;
    scoped(file_release) int lock = lock_link(inside, error); /* left from a longer path */
    return lock >= 0 && (!is_link(inside) || remove_link(inside, error));
}

static char *open_outside(const char *link, const char *home_path, struct error *error) {
    char digest[SECRET_SHA256_SIZE];
    digest_home(home_path, digest);
    char *folder = open_linked(link, digest);
    if (folder)
        return folder;
    scoped(file_release) int lock = lock_link(link, error);
    if (lock < 0)
        return NULL;
    folder = open_linked(link, digest); /* another pgsup has made it meanwhile */
    return folder ? folder : link_new(link, digest, error);
}

char *run_folder_open(const char *home_path, struct error *error) {
    scoped(alloc_release) char *inside = alloc_printf("%s/run", home_path);
    if (longest_name(inside) < RUN_FOLDER_NAME_RESERVE)
        return open_outside(inside, home_path, error);
    return clear_inside(inside, error) && open_folder(inside, error) ? alloc_string(inside) : NULL;
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

bool run_folder_make_apart(const char *run, struct error *error) {
    scoped(alloc_release) char *path = run_file_apart(run);
    return open_folder(path, error);
}

char *run_folder_lock(const char *run) {
    return alloc_printf("%s/pgsup.lock", run);
}

bool run_folder_is_supervised(const char *run) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    scoped(alloc_release) char *path = run_folder_lock(run);
    scoped(file_release) int fd = open(path, O_RDWR | O_CLOEXEC);
    return fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

char *run_folder_control(const char *run) {
    return alloc_printf("%s/pgsup.sock", run);
}

char *run_folder_log(const char *run) {
    return alloc_printf("%s/pgsup.log", run);
}
