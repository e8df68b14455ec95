/* Unix sockets that the supervisor makes for QEMU: bound and listening before QEMU exists, mode
 * 0600 in a 0700 folder, so that connecting needs no polling and no race is lost. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <sys/types.h>

/* A listening descriptor, close-on-exec; an existing file at path is replaced. -1 on failure. */
int socket_listen(const char *path, struct error *error);
/* A connected descriptor, close-on-exec, non-blocking; never waits. -1 on failure, and errno. */
int socket_connect(const char *path, struct error *error);

/* write(), except that a peer that is gone is EPIPE and not the end of the process. For commands,
 * which have one thread and want to end by SIGPIPE when nobody reads their output. */
ssize_t socket_write(int fd, const void *data, size_t length);
/* Writes as much of the output as the socket takes, and consumes it. A broken socket is reported by
 * the next read. */
void socket_flush(int fd, struct buffer *output);
