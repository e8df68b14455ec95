#include "log_times.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "machine/console_times.h"

#include <stdlib.h>

void log_times_add(struct log_times *times, const char *path, int64_t from) {
    scoped(alloc_release) char *marks = alloc_printf("%s" CONSOLE_TIMES_SUFFIX, path);
    scoped(buffer_done) struct buffer text = {0};
    if (!file_read(marks, CONSOLE_TIMES_MAX_BYTES, &text, NULL) || !text.data)
        return;
    char *at = text.data;
    for (char *end; times->count < 2 * CONSOLE_TIMES_MAX; at = end) {
        int64_t offset = strtoll(at, &end, 10), ms = strtoll(end, &end, 10);
        if (*end != '\n' || offset < 0 || ms <= 0)
            break;
        times->items = alloc_resize(times->items, (times->count + 1) * sizeof *times->items);
        times->items[times->count++] = (struct log_time){from + offset, ms};
    }
}

int64_t log_times_find(const struct log_times *times, int64_t at) {
    size_t low = 0, high = times->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (times->items[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? times->items[low - 1].ms : 0;
}

void log_times_done(struct log_times *times) {
    free(times->items);
    *times = (struct log_times){0};
}
