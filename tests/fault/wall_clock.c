/* A library to preload: the wall clock of the process, and of what it starts, is off by the seconds
 * in the file WALL_CLOCK_FILE, read at every look; the clock of the time since the start of the
 * computer, sleep included, by those in SLEPT_FILE; the monotonic clock by those in MONOTONIC_FILE,
 * as that of macOS is by the time slept; the raw monotonic clock, which stands still in a sleep, by
 * those in AWAKE_FILE. Other clocks are as they are. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t offset(const char *variable) {
    char text[32] = "";
    const char *path = getenv(variable);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    return length > 0 ? (time_t)atoll(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += offset("WALL_CLOCK_FILE");
    if (status == 0 && clock == CLOCK_BOOTTIME)
        now->tv_sec += offset("SLEPT_FILE");
    if (status == 0 && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE))
        now->tv_sec += offset("MONOTONIC_FILE");
    if (status == 0 && clock == CLOCK_MONOTONIC_RAW)
        now->tv_sec += offset("AWAKE_FILE");
    return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result)
        *result = now.tv_sec;
    return now.tv_sec;
}
