#include "line.h"

#include <string.h>

void line_init(struct line_splitter *splitter, size_t limit_bytes) {
    *splitter = (struct line_splitter){.limit_bytes = limit_bytes};
}

/* Consumed lines are dropped in one move per feed, not one per line: a burst of a thousand events
 * would otherwise be moved a thousand times. */
void line_feed(struct line_splitter *splitter, const void *data, size_t length) {
    if (splitter->broken)
        return;
    if (splitter->taken) {
        buffer_consume(&splitter->bytes, splitter->taken);
        splitter->scanned -= splitter->taken;
        splitter->taken = 0;
    }
    buffer_append(&splitter->bytes, data, length);
}

char *line_next(struct line_splitter *splitter, size_t *length) {
    struct buffer *bytes = &splitter->bytes;
    if (splitter->broken || splitter->scanned == bytes->length)
        return NULL;
    char *start = bytes->data + splitter->taken;
    char *end = memchr(bytes->data + splitter->scanned, '\n', bytes->length - splitter->scanned);
    size_t size = (size_t)((end ? end : bytes->data + bytes->length) - start);
    splitter->broken = size > splitter->limit_bytes;
    splitter->scanned = end ? splitter->taken + size + 1 : bytes->length;
    if (!end || splitter->broken)
        return NULL;
    splitter->taken = splitter->scanned;
    if (size && start[size - 1] == '\r')
        size--;
    start[size] = 0;
    *length = size;
    return start;
}

void line_done(struct line_splitter *splitter) {
    buffer_done(&splitter->bytes);
}
