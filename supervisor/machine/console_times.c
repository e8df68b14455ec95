#include "console_times.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INTERVAL_MS = 1000, MARK_BYTES = 16, MARK_SIZE = 48 };

void console_times_open(struct console_times *times, const char *log, size_t log_bytes) {
    scoped(alloc_release) char *path = alloc_printf("%s" CONSOLE_TIMES_SUFFIX, log);
    struct stat status = {0};
    *times = (struct console_times){.fd = file_open_log(path, NULL), .at_begin = true};
    if (times->fd < 0)
        return;
    if (log_bytes == 0 && ftruncate(times->fd, 0) < 0)
        console_times_close(times);
    else if (fstat(times->fd, &status) == 0)
        times->count = (size_t)status.st_size / MARK_BYTES;
}

void console_times_note(struct console_times *times, size_t log_bytes, const char *data,
                        size_t length) {
    const char *end = memchr(data, '\n', length);
    size_t next = end ? (size_t)(end + 1 - data) : length;
    size_t begin = times->at_begin ? 0 : next;
    int64_t now_ms = clock_wall_ms();
    bool due = now_ms >= times->last_ms + INTERVAL_MS || now_ms < times->last_ms;
    times->at_begin = length > 0 && data[length - 1] == '\n';
    if (times->fd < 0 || begin >= length || !due || times->count >= CONSOLE_TIMES_MAX)
        return;
    char mark[MARK_SIZE];
    int size = snprintf(mark, sizeof mark, "%zu %lld\n", log_bytes + begin, (long long)now_ms);
    if (!file_write_all(times->fd, mark, (size_t)size))
        console_times_close(times); /* half a mark would spoil the next one */
    times->last_ms = now_ms;
    times->count++;
}

bool console_times_are_many(const struct console_times *times) {
    return times->count >= CONSOLE_TIMES_MAX;
}

void console_times_close(struct console_times *times) {
    file_release(&times->fd);
    times->fd = -1;
}

void console_times_rename(const char *log, const char *older) {
    scoped(alloc_release) char *from = alloc_printf("%s" CONSOLE_TIMES_SUFFIX, log);
    scoped(alloc_release) char *to = alloc_printf("%s" CONSOLE_TIMES_SUFFIX, older);
    rename(from, to);
}
