#include "file.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_TRIES 200  /* a millisecond each */
#define READ_BYTES 4096 /* at once, of what does not tell its size */

bool file_exists(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0;
}

bool file_is_directory(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

void file_release(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Appends all that there is, in one piece if the file is as large as it says. Positive: there is
 * more than the limit; negative: errno. */
static ssize_t read_all(int fd, const struct stat *file, size_t limit_bytes,
                        struct buffer *content) {
    size_t before = content->length;
    bool tells = file->st_size > 0 && (uintmax_t)file->st_size <= limit_bytes;
    buffer_room(content, tells ? (size_t)file->st_size + 1 : READ_BYTES);
    for (;;) {
        ssize_t got =
            read(fd, content->data + content->length, content->capacity - content->length - 1);
        if (got > 0)
            content->length += (size_t)got;
        content->data[content->length] = 0;
        if (got <= 0 || content->length - before > limit_bytes)
            return got;
        if (content->capacity - content->length == 1)
            buffer_room(content, READ_BYTES);
    }
}

bool file_read(const char *path, size_t limit_bytes, struct buffer *content, struct error *error) {
    scoped(file_release) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, "cannot read %s", path);
    if (S_ISFIFO(status.st_mode))
        return error_set(error, ERROR_INVALID, "%s is a pipe, not a file: move it away", path);
    ssize_t got = read_all(fd, &status, limit_bytes, content);
    if (got > 0)
        return error_set(error, ERROR_INVALID, "%s is larger than %zu bytes", path, limit_bytes);
    if (got < 0 && errno == EISDIR)
        return error_set(error, ERROR_INVALID, "%s is a folder, not a file", path);
    return got == 0 || error_errno(error, "cannot read %s", path);
}

bool file_check_plain(const char *path, struct error *error) {
    struct stat status;
    return stat(path, &status) < 0 || S_ISREG(status.st_mode) || S_ISBLK(status.st_mode) ||
           error_set(error, ERROR_WRONG_STATE, "%s is not a file: move it away", path);
}

int file_open_log(const char *path, struct error *error) {
    scoped(file_release) int fd =
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0600);
    struct stat status;
    bool pipe = fd < 0 && errno == ENXIO; /* that nobody reads */
    if (!pipe && (fd < 0 || fstat(fd, &status) < 0)) {
        error_errno(error, "cannot write %s", path);
        return -1;
    }
    if (pipe || !S_ISREG(status.st_mode)) {
        error_set(error, ERROR_WRONG_STATE, "%s is not a file: move it away", path);
        return -1;
    }
    if (fcntl(fd, F_SETFL, O_APPEND) < 0) { /* children get it, and Ansible refuses one like that */
        error_errno(error, "cannot write %s", path);
        return -1;
    }
    int log = fd;
    fd = -1;
    return log;
}

bool file_content_equals(const char *path, const void *data, size_t length) {
    scoped(buffer_done) struct buffer content = {0};
    return file_exists(path) && file_read(path, length, &content, NULL) &&
           content.length == length && (length == 0 || memcmp(content.data, data, length) == 0);
}

ssize_t file_read_at(int fd, void *bytes, size_t length, uint64_t from) {
    size_t done = 0;
    while (done < length) {
        ssize_t got = pread(fd, (char *)bytes + done, length - done, (off_t)(from + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

bool file_write_all(int fd, const void *data, size_t length) {
    for (const char *at = data; length;) {
        ssize_t put = write(fd, at, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        at += put;
        length -= (size_t)put;
    }
    return true;
}

/* A pipe that has room takes PIPE_BUF bytes without blocking. */
ssize_t file_write_some(int fd, const void *data, size_t length, int wait_ms) {
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    uint64_t now_ms = clock_monotonic_ms(), until_ms = now_ms + (uint64_t)wait_ms;
    size_t done = 0;
    for (; done < length && now_ms <= until_ms; now_ms = clock_monotonic_ms()) {
        if (poll(&ready, 1, (int)(until_ms - now_ms)) <= 0)
            break;
        size_t most = length - done < PIPE_BUF ? length - done : PIPE_BUF;
        ssize_t put = write(fd, (const char *)data + done, most);
        if (put < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (put < 0)
            return -1;
        done += (size_t)put;
    }
    return (ssize_t)done;
}

static bool fill_with(int fd, const void *data, size_t length, mode_t mode) {
    return fd >= 0 && fchmod(fd, mode) == 0 && file_write_all(fd, data, length);
}

static bool name_filled(const char *temporary, const char *path, bool filled, struct error *error) {
    if (filled && rename(temporary, path) == 0)
        return true;
    error_errno(error, "cannot write %s", path);
    unlink(temporary);
    return false;
}

bool file_write(const char *path, const void *data, size_t length, mode_t mode,
                struct error *error) {
    scoped(alloc_release) char *temporary = alloc_printf("%s.XXXXXX", path);
    scoped(file_release) int fd = mkostemp(temporary, O_CLOEXEC);
    bool filled = fill_with(fd, data, length, mode) && fsync(fd) == 0;
    return name_filled(temporary, path, filled, error);
}

bool file_put(const char *path, const void *data, size_t length, mode_t mode, struct error *error) {
    scoped(alloc_release) char *temporary = alloc_printf("%s.XXXXXX", path);
    scoped(file_release) int fd = mkostemp(temporary, O_CLOEXEC);
    return name_filled(temporary, path, fill_with(fd, data, length, mode), error);
}

bool file_keep(const char *path, const void *data, size_t length, mode_t mode,
               struct error *error) {
    struct stat status;
    return (stat(path, &status) == 0 && (status.st_mode & 07777) == mode &&
            file_content_equals(path, data, length)) ||
           file_write(path, data, length, mode, error);
}

static bool make_one(const char *path, mode_t mode, struct error *error) {
    if (mkdir(path, mode) == 0)
        return chmod(path, mode) == 0 || error_errno(error, "cannot set the mode of %s", path);
    if (errno == EEXIST && file_is_directory(path))
        return true;
    return error_errno(error, "cannot make the folder %s", path);
}

/* Some file systems have no such thing for folders. */
bool file_sync(const char *path, struct error *error) {
    scoped(file_release) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return (fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP)) ||
           error_errno(error, "cannot write %s", path);
}

bool file_make_directory(const char *path, mode_t mode, struct error *error) {
    scoped(alloc_release) char *partial = alloc_string(path);
    for (char *slash = strchr(partial + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        bool good = file_is_directory(partial) || make_one(partial, mode, error);
        *slash = '/';
        if (!good)
            return false;
    }
    return make_one(path, mode, error);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where) {
    (void)status, (void)kind, (void)where;
    return remove(path);
}

bool file_remove_tree(const char *path, struct error *error) {
    if (!file_exists(path))
        return true;
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0)
        return true;
    return error_errno(error, "cannot remove %s", path);
}

static int lock_folder(const char *path, int how) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, how | LOCK_NB) < 0) {
        int number = errno;
        file_release(&fd);
        errno = number;
    }
    return fd;
}

bool file_folder_is_free(const char *path) {
    scoped(file_release) int lock = lock_folder(path, LOCK_SH);
    return lock >= 0;
}

int file_lock_folder(const char *path) {
    int lock;
    for (int tries = 0; (lock = lock_folder(path, LOCK_EX)) < 0; tries++) {
        if (errno != EWOULDBLOCK || tries == LOOK_TRIES || !file_folder_is_free(path))
            break;
        poll(NULL, 0, 1);
    }
    return lock;
}

void file_remove_unlocked(const char *path) {
    scoped(file_release) int lock = file_lock_folder(path);
    if (lock >= 0)
        file_remove_tree(path, NULL);
}

char *file_absolute(const char *path) {
    if (path[0] == '/')
        return alloc_string(path);
    char folder[PATH_MAX];
    if (!getcwd(folder, sizeof folder))
        return alloc_string(path);
    return alloc_printf("%s/%s", folder, path);
}

char *file_parent(const char *path) {
    scoped(alloc_release) char *absolute = file_absolute(path);
    size_t length = strlen(absolute);
    while (length > 1 && absolute[length - 1] == '/')
        length--;
    while (length > 1 && absolute[length - 1] != '/')
        length--;
    return alloc_slice(absolute, length);
}
