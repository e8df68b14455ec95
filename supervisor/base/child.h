/* What every program that is started here begins with. */
#pragma once

#include <spawn.h>

/* Signals as a fresh program expects them, whatever this process has blocked or ignored. flags:
 * POSIX_SPAWN_SETPGROUP for a process group of its own, POSIX_SPAWN_SETSID for a session. The
 * caller calls posix_spawnattr_destroy(). */
void child_attributes_init(posix_spawnattr_t *attributes, short flags);
