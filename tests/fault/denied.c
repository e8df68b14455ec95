/* A library to preload: what is below the folder DENIED, and the folder itself, may not be opened,
 * as macOS has it for jobs of launchd. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int open_allowed(const char *path, int flags, mode_t mode) {
    const char *denied = getenv("DENIED");
    if (denied && strncmp(path, denied, strlen(denied)) == 0) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_allowed(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_allowed(path, flags | O_LARGEFILE, mode);
}
