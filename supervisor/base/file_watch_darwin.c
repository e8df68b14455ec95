#include "base/file_watch.h"

#include <fcntl.h>
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

/* A queue takes only descriptors, and one of a file that is closed tells nothing: that of the file
 * stays open as long as this process. */
int file_watch_open(const char *path) {
    struct kevent wanted;
    int file = open(path, O_EVTONLY | O_NONBLOCK | O_CLOEXEC), queue = file < 0 ? -1 : kqueue();
    EV_SET(&wanted, (uintptr_t)file, EVFILT_VNODE, EV_ADD | EV_CLEAR, NOTE_WRITE | NOTE_EXTEND, 0,
           NULL);
    if (queue >= 0 && kevent(queue, &wanted, 1, NULL, 0, NULL) == 0)
        return queue;
    file_watch_close(queue);
    file_watch_close(file);
    return -1;
}

void file_watch_clear(int watch) {
    static const struct timespec now = {0};
    struct kevent event;
    while (kevent(watch, NULL, 0, &event, 1, &now) > 0)
        continue;
}

void file_watch_close(int watch) {
    if (watch >= 0)
        close(watch);
}
