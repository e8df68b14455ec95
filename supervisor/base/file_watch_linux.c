#include "base/file_watch.h"

#include <limits.h>
#include <sys/inotify.h>
#include <unistd.h>

int file_watch_open(const char *path) {
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch < 0 || inotify_add_watch(watch, path, IN_MODIFY) >= 0)
        return watch;
    close(watch);
    return -1;
}

void file_watch_clear(int watch) {
    char events[sizeof(struct inotify_event) + NAME_MAX + 1];
    while (read(watch, events, sizeof events) > 0)
        continue;
}

void file_watch_close(int watch) {
    if (watch >= 0)
        close(watch);
}
