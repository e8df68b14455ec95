#include "console_text.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define ESCAPE     '\033'
#define LINE_LIMIT 300u

/* The bytes of the escape sequence that text begins with (ECMA-48): CSI … final byte, a string
 * (OSC, DCS, APC, PM) … BEL or ST, or ESC, intermediate bytes, final byte. */
static size_t escape_length(const char *text, size_t length) {
    size_t at = 2;
    if (length < 2)
        return length;
    if (text[1] == '[') {
        while (at < length && (unsigned char)text[at] >= 0x20 && (unsigned char)text[at] < 0x40)
            at++;
        return at < length && (unsigned char)text[at] >= 0x40 ? at + 1 : at;
    }
    if (strchr("]PX^_", text[1])) {
        while (at < length && text[at] != '\a' && text[at] != ESCAPE && text[at] != '\n')
            at++;
        if (at < length && text[at] == ESCAPE)
            return at + 1 < length && text[at + 1] == '\\' ? at + 2 : at;
        return at < length && text[at] == '\a' ? at + 1 : at;
    }
    for (at = 1; at < length && (unsigned char)text[at] >= 0x20 && (unsigned char)text[at] < 0x30;)
        at++;
    return at < length && (unsigned char)text[at] >= 0x30 ? at + 1 : at;
}

/* ESC [ … n, c, x, t; ESC Z; strings such as OSC and DCS. */
static bool asks_terminal(const char *sequence, size_t length) {
    if (length < 2)
        return true;
    if (sequence[1] == '[')
        return strchr("ncxtp", sequence[length - 1]) != NULL;
    return strchr("]PX^_Z", sequence[1]) != NULL;
}

size_t console_text_replayed(char *text, size_t length) {
    size_t kept = 0;
    for (size_t at = 0; at < length;) {
        size_t size = text[at] == ESCAPE ? escape_length(text + at, length - at) : 1;
        if (text[at] != ESCAPE || !asks_terminal(text + at, size)) {
            memmove(text + kept, text + at, size);
            kept += size;
        }
        at += size;
    }
    return kept;
}

static bool ends_line(const char *text, size_t length, size_t at) {
    while (at < length && text[at] == '\r')
        at++;
    return at >= length || text[at] == '\n';
}

size_t console_text_strip(char *text, size_t length) {
    size_t kept = 0, line = 0;
    for (size_t at = 0; at < length;) {
        unsigned char byte = (unsigned char)text[at];
        if (byte == ESCAPE) {
            at += escape_length(text + at, length - at);
            continue;
        }
        if (byte == '\r' && !ends_line(text, length, at))
            kept = line;
        if (byte == '\b' && kept > line)
            kept--;
        if (byte == '\t')
            text[kept++] = ' ';
        else if (byte == '\n' || (byte >= 0x20 && byte != 0x7F))
            text[kept++] = (char)byte;
        if (byte == '\n')
            line = kept;
        at++;
    }
    return kept;
}

static char *find_last_line(const char *text, size_t length, const char *prefix) {
    for (size_t end = length; end > 0;) {
        size_t start = end;
        while (start > 0 && text[start - 1] != '\n')
            start--;
        size_t first = start, size;
        while (first < end && text[first] == ' ')
            first++;
        for (size = end - first; size > 0 && text[first + size - 1] == ' ';)
            size--;
        if (size > 0 && size >= strlen(prefix) &&
            strncmp(text + first, prefix, strlen(prefix)) == 0)
            return name_printable(text + first, size, LINE_LIMIT);
        end = start > 0 ? start - 1 : 0;
    }
    return alloc_string("");
}

char *console_text_last_line(const char *text, size_t length, const char *prefix) {
    char *copy = alloc_zero(length + 1);
    memcpy(copy, text, length);
    char *line = find_last_line(copy, console_text_strip(copy, length), prefix);
    alloc_release(&copy);
    return line;
}

char *console_text_last_line_of(const char *path, const char *prefix) {
    char tail[CONSOLE_TEXT_TAIL_BYTES];
    scoped(file_release) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    off_t from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
    ssize_t got = size > 0 ? pread(fd, tail, sizeof tail, from) : 0;
    return got > 0 ? console_text_last_line(tail, (size_t)got, prefix) : alloc_string("");
}
