/* Has a file written to the disk in another thread, while its owner does other work with it. Of a
 * file that nobody writes to any more.
 *
 * sync_ahead_begin(), then sync_ahead_end(), or sync_ahead_drop() if the file is not wanted. */
#pragma once

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>

struct sync_ahead { /* private; stays where it is until the end */
    const char *path;
    pthread_t thread;
    bool runs, good;
    struct error error;
};

void sync_ahead_begin(struct sync_ahead *ahead, const char *path); /* borrowed until the end */
/* All of it is on the disk; as file_sync() says. */
bool sync_ahead_end(struct sync_ahead *ahead, struct error *error);
/* Empties the file, so that nothing of it is waited for. */
void sync_ahead_drop(struct sync_ahead *ahead);
