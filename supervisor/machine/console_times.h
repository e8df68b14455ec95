/* When the lines of a console's log came: marks in FILE.times beside it, at most one a second, each
 * "OFFSET MILLISECONDS" for the line that begins at that byte of the log. They are renamed, and
 * begin anew, with the log. A log that others have emptied has none. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSOLE_TIMES_SUFFIX    ".times"
#define CONSOLE_TIMES_MAX       16384u     /* then the log is due to be renamed */
#define CONSOLE_TIMES_MAX_BYTES (1u << 20) /* of a file of them */

struct console_times {
    int fd; /* -1: they cannot be kept */
    size_t count;
    int64_t last_ms;
    bool at_begin; /* of a line */
};

/* log_bytes: of the log that is open. */
void console_times_open(struct console_times *times, const char *log, size_t log_bytes);
/* Before data is appended to a log of log_bytes. */
void console_times_note(struct console_times *times, size_t log_bytes, const char *data,
                        size_t length);
bool console_times_are_many(const struct console_times *times);
void console_times_close(struct console_times *times);
/* The log was renamed from one name to the other. */
void console_times_rename(const char *log, const char *older);
