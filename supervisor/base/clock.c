#include "clock.h"

#include <stdio.h>
#include <time.h>

uint64_t clock_monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_rfc3339(int64_t wall_ms, char text[CLOCK_RFC3339_SIZE]) {
    int64_t milliseconds = wall_ms % 1000;
    if (milliseconds < 0)
        milliseconds += 1000;
    time_t seconds = (time_t)((wall_ms - milliseconds) / 1000);
    struct tm utc = {0};
    gmtime_r(&seconds, &utc);
    size_t used = strftime(text, CLOCK_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + used, CLOCK_RFC3339_SIZE - used, ".%03dZ", (int)milliseconds);
}
