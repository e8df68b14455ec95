/* The end of a log file, and what is appended to it: for `pgsup log`. Follows a file that is
 * replaced by a new one (FILE becomes FILE.1). Text is made safe for a terminal unless raw. */
#pragma once

#include "base/buffer.h"
#include "cli/output/log_times.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LOG_FILE_READ_BYTES (4u << 20) /* of the end; what is before is not looked at */
/* The line by which the supervisor begins a boot in console.log: "--- pgsup: boot 3, TIME". */
#define LOG_FILE_BOOT_MARK "--- pgsup: boot "

struct log_file {
    const char *path;
    const char *label; /* before each line; NULL: none */
    bool raw, timed;   /* timed: with the times of console_times.h */
    struct log_times times;
    ino_t inode; /* of the file that was read; 0: none yet */
    off_t read;
    struct buffer partial; /* a line that is not complete */
};

struct log_file_range {
    uint64_t lines; /* the last ones */
    uint64_t boot;  /* only this boot; 0: all */
};
void log_file_show(struct log_file *log, const struct log_file_range *range);
void log_file_follow(struct log_file *log); /* what has come since */
void log_file_done(struct log_file *log);
