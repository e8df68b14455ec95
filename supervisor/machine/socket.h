/* Unix sockets that the supervisor makes for QEMU: bound and listening before QEMU exists, mode
 * 0600 in a 0700 folder, so that connecting needs no polling and no race is lost. */
#pragma once

#include "base/error.h"

/* A listening descriptor, close-on-exec; an existing file at path is replaced. -1 on failure. */
int socket_listen(const char *path, struct error *error);
/* A connected descriptor, close-on-exec, non-blocking; never waits. -1 on failure. */
int socket_connect(const char *path, struct error *error);
