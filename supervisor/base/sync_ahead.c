#include "base/sync_ahead.h"

#include "base/alloc.h"
#include "base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void *sync_it(void *context) {
    struct sync_ahead *ahead = context;
    ahead->good = file_sync(ahead->path, &ahead->error);
    return NULL;
}

/* Signals are for the thread that began it. */
void sync_ahead_begin(struct sync_ahead *ahead, const char *path) {
    sigset_t all, before;
    *ahead = (struct sync_ahead){.path = path};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ahead->runs = pthread_create(&ahead->thread, NULL, sync_it, ahead) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool sync_ahead_end(struct sync_ahead *ahead, struct error *error) {
    if (!ahead->runs)
        return file_sync(ahead->path, error);
    pthread_join(ahead->thread, NULL);
    ahead->runs = false;
    return ahead->good || error_copy(error, &ahead->error);
}

/* What has its name by now may be a link to what is somebody else's. */
static bool empty(const char *path) {
    struct stat status;
    scoped(file_release) int fd = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
           ftruncate(fd, 0) == 0;
}

void sync_ahead_drop(struct sync_ahead *ahead) {
    if (!ahead->runs)
        return;
    empty(ahead->path);
    pthread_join(ahead->thread, NULL);
    ahead->runs = false;
}

struct sync_ahead_file {
    struct sync_ahead ahead;
    struct sync_ahead_file *next;
    char *path;
};

void sync_ahead_add(struct sync_ahead_list *list, const char *path) {
    struct sync_ahead_file *file = alloc_zero(sizeof *file);
    file->path = alloc_string(path);
    file->next = list->first;
    list->first = file;
    sync_ahead_begin(&file->ahead, file->path);
}

bool sync_ahead_all(struct sync_ahead_list *list, struct error *error) {
    bool good = true;
    for (struct sync_ahead_file *file = list->first, *next; file; file = next) {
        next = file->next;
        good = sync_ahead_end(&file->ahead, good ? error : NULL) && good;
        free(file->path);
        free(file);
    }
    list->first = NULL;
    return good;
}
