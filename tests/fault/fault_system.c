/* Faults of the system's own functions: write, open, socket, spawn, and those that change names. */
#include "fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* --- write: a full disk, a peer that is gone --- */

/* What is said on stderr gets through: it is what a test looks at. */
static bool write_fails(int fd, const char *function) {
    struct stat status;
    int saved = errno;
    if (fd == STDERR_FILENO)
        return false;
    bool known = fstat(fd, &status) == 0;
    errno = saved;
    if (known && S_ISREG(status.st_mode))
        return fault_fails(WRITE, function, ENOSPC);
    return known && S_ISSOCK(status.st_mode) && fault_fails(WRITE, function, EPIPE);
}

ssize_t write(int fd, const void *data, size_t length) {
    REAL(write);
    return write_fails(fd, "write") ? -1 : real(fd, data, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    return write_fails(fd, "writev") ? -1 : real(fd, parts, count);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t where) {
    REAL(pwrite);
    return write_fails(fd, "pwrite") ? -1 : real(fd, data, length, where);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t where) {
    REAL(pwrite64);
    return write_fails(fd, "pwrite64") ? -1 : real(fd, data, length, where);
}

int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    return write_fails(fd, "ftruncate") ? -1 : real(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    return write_fails(fd, "ftruncate64") ? -1 : real(fd, length);
}

int fsync(int fd) {
    REAL(fsync);
    return write_fails(fd, "fsync") ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    return write_fails(fd, "fdatasync") ? -1 : real(fd);
}

/* --- open: no descriptor is left --- */

static mode_t mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define OPENS(name)                                                                                \
    int name(const char *path, int flags, ...) {                                                   \
        va_list rest;                                                                              \
        REAL(name);                                                                                \
        va_start(rest, flags);                                                                     \
        mode_t mode = mode_of(flags, rest);                                                        \
        va_end(rest);                                                                              \
        return fault_fails(OPEN, #name, EMFILE) ? -1 : real(path, flags, mode);                    \
    }
OPENS(open)
OPENS(open64)

/* What a fortified program calls where the flags are not known when it is compiled. */
#define OPENS_CHECKED(name)                                                                        \
    int name(const char *path, int flags);                                                         \
    int name(const char *path, int flags) {                                                        \
        REAL(name);                                                                                \
        return fault_fails(OPEN, #name, EMFILE) ? -1 : real(path, flags);                          \
    }
OPENS_CHECKED(__open_2)
OPENS_CHECKED(__open64_2)

#define OPENS_AT_CHECKED(name)                                                                     \
    int name(int folder, const char *path, int flags);                                             \
    int name(int folder, const char *path, int flags) {                                            \
        REAL(name);                                                                                \
        return fault_fails(OPEN, #name, EMFILE) ? -1 : real(folder, path, flags);                  \
    }
OPENS_AT_CHECKED(__openat_2)
OPENS_AT_CHECKED(__openat64_2)

#define OPENS_AT(name)                                                                             \
    int name(int folder, const char *path, int flags, ...) {                                       \
        va_list rest;                                                                              \
        REAL(name);                                                                                \
        va_start(rest, flags);                                                                     \
        mode_t mode = mode_of(flags, rest);                                                        \
        va_end(rest);                                                                              \
        return fault_fails(OPEN, #name, EMFILE) ? -1 : real(folder, path, flags, mode);            \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

int mkostemp(char *path, int flags) {
    REAL(mkostemp);
    return fault_fails(OPEN, "mkostemp", EMFILE) ? -1 : real(path, flags);
}

int mkostemp64(char *path, int flags) {
    REAL(mkostemp64);
    return fault_fails(OPEN, "mkostemp64", EMFILE) ? -1 : real(path, flags);
}

FILE *fopen(const char *path, const char *mode) {
    REAL(fopen);
    return fault_fails(OPEN, "fopen", EMFILE) ? NULL : real(path, mode);
}

FILE *fopen64(const char *path, const char *mode) {
    REAL(fopen64);
    return fault_fails(OPEN, "fopen64", EMFILE) ? NULL : real(path, mode);
}

DIR *opendir(const char *path) {
    REAL(opendir);
    return fault_fails(OPEN, "opendir", EMFILE) ? NULL : real(path);
}

int pipe(int ends[2]) {
    REAL(pipe);
    return fault_fails(OPEN, "pipe", EMFILE) ? -1 : real(ends);
}

int pipe2(int ends[2], int flags) {
    static atomic_bool later; /* the first one is libuv's: without it, it aborts */
    bool first = !atomic_exchange(&later, true);
    REAL(pipe2);
    return !first && fault_fails(OPEN, "pipe2", EMFILE) ? -1 : real(ends, flags);
}

int epoll_create1(int flags) {
    REAL(epoll_create1);
    return fault_fails(OPEN, "epoll_create1", EMFILE) ? -1 : real(flags);
}

int eventfd(unsigned start, int flags) {
    REAL(eventfd);
    return fault_fails(OPEN, "eventfd", EMFILE) ? -1 : real(start, flags);
}

/* --- socket --- */

int socket(int domain, int type, int protocol) {
    REAL(socket);
    return fault_fails(SOCKET, "socket", EMFILE) ? -1 : real(domain, type, protocol);
}

int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t length) {
    REAL(bind);
    return fault_fails(SOCKET, "bind", ENOBUFS) ? -1 : real(fd, address, length);
}

int listen(int fd, int backlog) {
    REAL(listen);
    return fault_fails(SOCKET, "listen", ENOBUFS) ? -1 : real(fd, backlog);
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length) {
    REAL(connect);
    return fault_fails(SOCKET, "connect", ECONNREFUSED) ? -1 : real(fd, address, length);
}

/* After one that fails for want of a descriptor libuv closes one that it keeps for that, so the
 * next one does not fail: it takes the connection, to close it. */
static bool accept_fails(const char *function) {
    static atomic_bool spared;
    if (atomic_exchange(&spared, false))
        return false;
    bool failed = fault_fails(SOCKET, function, EMFILE);
    atomic_store(&spared, failed);
    return failed;
}

int accept(int fd, __SOCKADDR_ARG address, socklen_t *length) {
    REAL(accept);
    return accept_fails("accept") ? -1 : real(fd, address, length);
}

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *length, int flags) {
    REAL(accept4);
    return accept_fails("accept4") ? -1 : real(fd, address, length, flags);
}

/* --- spawn: no process is left --- */

pid_t fork(void) {
    REAL(fork);
    return fault_fails(SPAWN, "fork", EAGAIN) ? -1 : real();
}

/* A child that shares the memory of its parent would count there. */
pid_t vfork(void) {
    return fork();
}

/* --- name: what others see of files and folders --- */

int rename(const char *from, const char *to) {
    REAL(rename);
    return fault_fails(NAME, "rename", EACCES) ? -1 : real(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    REAL(renameat);
    return fault_fails(NAME, "renameat", EACCES) ? -1 : real(from_folder, from, to_folder, to);
}

int link(const char *from, const char *to) {
    REAL(link);
    return fault_fails(NAME, "link", EACCES) ? -1 : real(from, to);
}

int unlink(const char *path) {
    REAL(unlink);
    return fault_fails(NAME, "unlink", EACCES) ? -1 : real(path);
}

int unlinkat(int folder, const char *path, int flags) {
    REAL(unlinkat);
    return fault_fails(NAME, "unlinkat", EACCES) ? -1 : real(folder, path, flags);
}

int rmdir(const char *path) {
    REAL(rmdir);
    return fault_fails(NAME, "rmdir", EACCES) ? -1 : real(path);
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    return fault_fails(NAME, "mkdir", EACCES) ? -1 : real(path, mode);
}

char *mkdtemp(char *path) {
    REAL(mkdtemp);
    return fault_fails(NAME, "mkdtemp", EACCES) ? NULL : real(path);
}
