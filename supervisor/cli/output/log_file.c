#include "log_file.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "cli/terminal/console_text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A line without one is as far to the right. */
static void print_time(const struct log_file *log, int64_t at) {
    char time[CLOCK_RFC3339_SIZE] = "";
    int64_t ms = log_times_find(&log->times, at);
    if (ms)
        clock_rfc3339(ms, time);
    if (log->times.count)
        printf("%-24s  ", time);
}

/* at: byte of the text of which log->times tells. */
static void print_line(const struct log_file *log, int64_t at, const char *line, size_t length) {
    if (log->label)
        printf("%-8s  ", log->label);
    if (!log->raw)
        print_time(log, at);
    if (log->raw) {
        fwrite(line, 1, length, stdout);
        return;
    }
    char *copy = alloc_zero(length + 1);
    memcpy(copy, line, length);
    copy[console_text_strip(copy, length)] = '\0';
    copy[strcspn(copy, "\n")] = '\0';
    scoped(alloc_release) char *safe = name_safe(copy);
    puts(safe);
    free(copy);
}

/* Complete lines; at the end of what is shown once, also the last one. */
static void print_lines(struct log_file *log, int64_t at, const struct buffer *lines, bool all) {
    const char *text = lines->data;
    size_t length = lines->length;
    while (length > 0) {
        const char *end = memchr(text, '\n', length);
        size_t size = end ? (size_t)(end - text) + 1 : length;
        if (!end && !all)
            break;
        print_line(log, at + (text - lines->data), text, size);
        text += size;
        length -= size;
    }
    buffer_append(&log->partial, text, length);
}

/* Appends the end of a file; the inode and the size of what was read. */
static bool read_end(const char *path, size_t limit, struct buffer *content, struct stat *status) {
    scoped(file_release) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, status) < 0)
        return false;
    off_t at = status->st_size > (off_t)limit ? status->st_size - (off_t)limit : 0;
    char chunk[65536];
    while (at < status->st_size) {
        ssize_t got = pread(fd, chunk, sizeof chunk, at);
        if (got <= 0)
            break;
        buffer_append(content, chunk, (size_t)got);
        at += got;
    }
    return true;
}

/* --- the range --- */

static size_t find_boot(const struct buffer *text, size_t from, uint64_t boot) {
    for (size_t at = from; at < text->length;) {
        const char *line = text->data + at;
        const char *end = memchr(line, '\n', text->length - at);
        bool mark = strncmp(line, LOG_FILE_BOOT_MARK, strlen(LOG_FILE_BOOT_MARK)) == 0;
        if (mark && (!boot || strtoull(line + strlen(LOG_FILE_BOOT_MARK), NULL, 10) == boot))
            return at;
        at = end ? (size_t)(end - text->data) + 1 : text->length;
    }
    return text->length;
}

static size_t skip_to_last(const char *text, size_t length, uint64_t lines) {
    size_t at = length;
    if (at > 0 && text[at - 1] == '\n')
        at--;
    for (; at > 0; at--)
        if (text[at - 1] == '\n' && --lines == 0)
            return at;
    return 0;
}

void log_file_show(struct log_file *log, const struct log_file_range *range) {
    struct buffer text = {0};
    struct stat status = {0};
    scoped(alloc_release) char *older = alloc_printf("%s.1", log->path);
    read_end(older, LOG_FILE_READ_BYTES, &text, &status);
    if (log->timed)
        log_times_add(&log->times, older, (int64_t)text.length - status.st_size);
    status = (struct stat){0};
    read_end(log->path, LOG_FILE_READ_BYTES, &text, &status);
    if (log->timed)
        log_times_add(&log->times, log->path, (int64_t)text.length - status.st_size);
    log->inode = status.st_ino;
    log->read = status.st_size;
    size_t from = range->boot ? find_boot(&text, 0, range->boot) : 0;
    size_t to = range->boot && from < text.length ? find_boot(&text, from + 1, 0) : text.length;
    if (text.length && range->lines)
        from += skip_to_last(text.data + from, to - from, range->lines);
    const struct buffer shown = {.data = text.data ? text.data + from : NULL, .length = to - from};
    if (text.length)
        print_lines(log, (int64_t)from, &shown, true);
    buffer_done(&text);
}

/* Anew: what has come has other marks. */
static void take_times(struct log_file *log) {
    log_times_done(&log->times);
    if (log->timed)
        log_times_add(&log->times, log->path, 0);
}

void log_file_follow(struct log_file *log) {
    struct stat status;
    scoped(file_release) int fd = open(log->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0)
        return;
    if (status.st_ino != log->inode || status.st_size < log->read)
        log->read = 0;
    log->inode = status.st_ino;
    char chunk[65536];
    for (ssize_t got; (got = pread(fd, chunk, sizeof chunk, log->read)) > 0; log->read += got) {
        struct buffer text = log->partial;
        int64_t at = log->read - (int64_t)text.length;
        log->partial = (struct buffer){0};
        buffer_append(&text, chunk, (size_t)got);
        take_times(log);
        print_lines(log, at, &text, text.length > LOG_FILE_READ_BYTES);
        buffer_done(&text);
    }
}

void log_file_done(struct log_file *log) {
    buffer_done(&log->partial);
    log_times_done(&log->times);
}
