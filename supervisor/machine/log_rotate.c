#include "machine/log_rotate.h"

#include "base/alloc.h"
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void keep_end(int log, off_t size, const char *path) {
    scoped(alloc_release) char *older = alloc_printf("%s.1", path);
    scoped(alloc_release) char *text = alloc_zero(LOG_ROTATE_KEPT_BYTES);
    off_t from = size > (off_t)LOG_ROTATE_KEPT_BYTES ? size - (off_t)LOG_ROTATE_KEPT_BYTES : 0;
    ssize_t length = pread(log, text, LOG_ROTATE_KEPT_BYTES, from);
    if (length > 0)
        file_write(older, text, (size_t)length, 0600, NULL);
}

/* A log whose end cannot be kept (a full disk) is emptied all the more. */
bool log_rotate(const char *path) {
    struct stat status;
    if (lstat(path, &status) < 0 || !S_ISREG(status.st_mode) ||
        status.st_size <= (off_t)LOG_ROTATE_LIMIT_BYTES)
        return false;
    scoped(file_release) int log = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (log < 0)
        return false;
    keep_end(log, status.st_size, path);
    return ftruncate(log, 0) == 0;
}
