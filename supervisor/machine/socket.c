#include "socket.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* QEMU listens again with a backlog of 1; this one lasts until then. */
enum { BACKLOG = 8 };

static bool fill_address(const char *path, struct sockaddr_un *address, struct error *error) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return error_set(error, ERROR_INVALID,
                         "the path %s is too long for a socket (at most %zu bytes): use a shorter "
                         "home",
                         path, sizeof address->sun_path - 1);
    }
    memcpy(address->sun_path, path, strlen(path) + 1);
    return true;
}

static int open_socket(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

static int keep(int *fd) {
    int kept = *fd;
    *fd = -1;
    return kept;
}

int socket_listen(const char *path, struct error *error) {
    struct sockaddr_un address;
    if (!fill_address(path, &address, error))
        return -1;
    unlink(path);
    scoped(file_release) int fd = open_socket();
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        chmod(path, 0600) < 0 || listen(fd, BACKLOG) < 0) {
        error_errno(error, "cannot make the socket %s", path);
        return -1;
    }
    return keep(&fd);
}

int socket_connect(const char *path, struct error *error) {
    struct sockaddr_un address;
    if (!fill_address(path, &address, error))
        return -1;
    scoped(file_release) int fd = open_socket();
    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        error_errno(error, "cannot connect to the socket %s", path);
        return -1;
    }
    return keep(&fd);
}

ssize_t socket_write(int fd, const void *data, size_t length) {
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    ssize_t put = write(fd, data, length);
    int number = errno;
    signal(SIGPIPE, before);
    errno = number;
    return put;
}

void socket_flush(int fd, struct buffer *output) {
    while (output->length) {
        ssize_t written = socket_write(fd, output->data, output->length);
        if (written < 0 && errno != EINTR)
            return;
        if (written > 0)
            buffer_consume(output, (size_t)written);
    }
}
