/* Bytes to lines. Knows nothing of JSON or sockets. A line ends with LF; a CR before it is dropped.
 * Feed what was read, then pull lines until NULL; a pulled line is valid until the next feed. When
 * a line is longer than the limit, line_next() gives NULL for ever and `broken` is set: the peer
 * cannot be trusted any more, so the owner drops the connection. At most the limit plus one feed is
 * held in memory. */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>

struct line_splitter {
    struct buffer bytes;
    size_t limit_bytes;
    size_t taken;   /* bytes of lines already handed out, dropped at the next feed */
    size_t scanned; /* bytes known to hold no further LF */
    bool broken;
};

void line_init(struct line_splitter *splitter, size_t limit_bytes);
void line_feed(struct line_splitter *splitter, const void *data, size_t length);
char *line_next(struct line_splitter *splitter, size_t *length); /* NUL-terminated, or NULL */
void line_done(struct line_splitter *splitter);
