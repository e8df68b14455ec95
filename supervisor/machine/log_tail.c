#include "log_tail.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* "2026-11-23T13:07:35.878328Z qemu-system-aarch64: text" -> "text" (QEMU: -msg timestamp=on). */
static const char *without_prefix(const char *line, const char *end) {
    if (end - line > 28 && isdigit((unsigned char)line[0]) && line[10] == 'T') {
        const char *space = memchr(line, ' ', 40 < end - line ? 40 : (size_t)(end - line));
        line = space ? space + 1 : line;
    }
    if (end - line > 12 && strncmp(line, "qemu-system-", 12) == 0) {
        const char *colon = memchr(line, ':', (size_t)(end - line));
        if (colon && colon + 1 < end)
            line = colon + 2 <= end ? colon + 2 : end;
    }
    return line;
}

/* Bytes at the beginning of a text that was cut out of a longer one which are the rest of a
 * character of UTF-8. */
static size_t cut_rest(const char *text, size_t length) {
    size_t rest = 0;
    while (rest < length && rest < 4 && ((unsigned char)text[rest] & 0xC0) == 0x80)
        rest++;
    return rest < 4 ? rest : 0;
}

/* Reads the last bytes of a log, at most size of them and none before offset; their number. */
static size_t read_end(const char *log, off_t offset, char *text, size_t size) {
    scoped(file_release) int fd = open(log, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    off_t from = end - (off_t)size > offset ? end - (off_t)size : offset;
    ssize_t read = fd < 0 ? 0 : pread(fd, text, size, from);
    size_t length = read > 0 ? (size_t)read : 0, rest = from > offset ? cut_rest(text, length) : 0;
    memmove(text, text + rest, length - rest);
    return length - rest;
}

#define WARNING    "warning: "
#define LINE_BYTES 400u /* of a line that are shown */

/* Behind the word in "warning: text", or in "-mon …: warning: text" where QEMU tells the option
 * too; NULL: no warning. */
static const char *find_warning(const char *line, const char *end) {
    static const char later[] = ": " WARNING;
    size_t length = (size_t)(end - line);
    if (length >= strlen(WARNING) && memcmp(line, WARNING, strlen(WARNING)) == 0)
        return line + strlen(WARNING);
    const char *found = memmem(line, length, later, strlen(later));
    return found ? found + strlen(later) : NULL;
}

/* QEMU tells the option, which may be long, before what is wrong with it. */
static void put_line(struct buffer *words, const char *line, size_t length) {
    size_t first = length > LINE_BYTES ? LINE_BYTES / 4 : length;
    size_t last = length > LINE_BYTES ? LINE_BYTES - first : 0;
    last -= cut_rest(line + length - last, last);
    scoped(alloc_release) char *begin = name_printable(line, length, first);
    scoped(alloc_release) char *end = name_printable(line + length - last, last, last);
    buffer_printf(words, "%s%s%s", words->length ? "; " : "", begin, end);
}

char *log_tail_read(const char *log, off_t offset) {
    char text[LOG_TAIL_BYTES];
    struct buffer words = {0};
    char *stop = text + read_end(log, offset, text, sizeof text);
    for (char *line = text; line < stop;) {
        char *newline = memchr(line, '\n', (size_t)(stop - line));
        char *line_end = newline ? newline : stop;
        const char *start = without_prefix(line, line_end);
        if (start < line_end && !find_warning(start, line_end))
            put_line(&words, start, (size_t)(line_end - start));
        line = line_end + 1;
    }
    return buffer_take(&words);
}

static bool is_listed(const struct strv *list, size_t from, const char *text) {
    for (size_t i = from; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

void log_tail_warnings(const char *log, off_t offset, struct strv *warnings) {
    char text[LOG_TAIL_ERROR_BYTES];
    scoped(file_release) int fd = open(log, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : pread(fd, text, sizeof text, offset);
    size_t before = warnings->count;
    const char *end = text + (length > 0 ? length : 0);
    for (const char *line = text; line < end && warnings->count < before + LOG_TAIL_WARNINGS;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *line_end = newline ? newline : end;
        const char *start = without_prefix(line, line_end);
        const char *warning = find_warning(start, line_end);
        /* With the option, if QEMU told it. */
        const char *shown = warning == start + strlen(WARNING) ? warning : start;
        scoped(alloc_release) char *words =
            warning ? name_printable(shown, (size_t)(line_end - shown), 300) : NULL;
        if (words && !is_listed(warnings, before, words))
            strv_push(warnings, words);
        line = line_end + 1;
    }
}

/* Caller frees. */
static char *printable_line(const char *line) {
    const char *end = line + strcspn(line, "\n");
    const char *start = without_prefix(line, end);
    return name_printable(start, (size_t)(end - start), 200);
}

static char *line_begin(char *text, char *in) {
    while (in > text && in[-1] != '\n')
        in--;
    return in;
}

char *log_tail_error(const char *log, off_t offset) {
    char text[LOG_TAIL_ERROR_BYTES + 1], *last = NULL;
    text[read_end(log, offset, text, sizeof text - 1)] = 0;
    for (char *found = text; (found = strcasestr(found, "error")); found++)
        last = found;
    if (!last)
        return alloc_string("");
    char *failure = strcasestr(last, "failure");
    scoped(alloc_release) char *line = printable_line(line_begin(text, last));
    if (!failure || failure < last + strcspn(last, "\n"))
        return alloc_string(line);
    scoped(alloc_release) char *more = printable_line(line_begin(text, failure));
    return alloc_printf("%s; %s", line, more);
}

char *log_tail_warning(const char *log) {
    char text[LOG_TAIL_ERROR_BYTES + 1], *last = NULL;
    text[read_end(log, 0, text, sizeof text - 1)] = 0;
    for (char *found = text; (found = strstr(found, "warning: ")); found++)
        last = found;
    return last ? printable_line(line_begin(text, last)) : alloc_string("");
}
