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
/* Empties the file, so that nothing of it is waited for. One that was never begun is fine. */
void sync_ahead_drop(struct sync_ahead *ahead);

/* Many files, each in a thread of its own while the next one is made: their syncs share what the
 * file system writes. Begins empty; after sync_ahead_all() it is again. */
struct sync_ahead_list {
    struct sync_ahead_file *first;
};
void sync_ahead_add(struct sync_ahead_list *list, const char *path); /* copied */
/* All of them are on the disk, or the first error. Waits for all. */
bool sync_ahead_all(struct sync_ahead_list *list, struct error *error);
