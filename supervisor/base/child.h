/* The attributes and pipes of every child process that pgsup starts. */
#pragma once

#include "base/error.h"

#include <spawn.h>

/* Signals as a fresh program expects them, whatever this process has blocked or ignored. flags:
 * POSIX_SPAWN_SETPGROUP for a process group of its own, POSIX_SPAWN_SETSID for a session. The
 * caller calls posix_spawnattr_destroy(). */
void child_attributes_init(posix_spawnattr_t *attributes, short flags);

/* A pipe: ends[0] for reading, ends[1] for writing, both close-on-exec. Caller owns them. */
bool child_pipe(int ends[2], struct error *error);
