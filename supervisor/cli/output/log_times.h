/* When the lines of a log came, as machine/console_times.h has written it; a log without has none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct log_times {
    struct log_time {
        int64_t at; /* byte of the text */
        int64_t ms; /* wall clock */
    } * items;
    size_t count;
};

/* Adds those of the log at path, whose byte 0 is byte `from` of the text; in order. */
void log_times_add(struct log_times *times, const char *path, int64_t from);
/* Of the line that begins at that byte; 0: not known. */
int64_t log_times_find(const struct log_times *times, int64_t at);
void log_times_done(struct log_times *times);
