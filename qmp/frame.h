/* Bytes to JSON objects, one per line. Knows nothing of greetings, replies or events. Feed what was
 * read, then pull until NULL. An empty line is skipped; a line that is too long or is not one JSON
 * object breaks the frame for ever, since no later place in the stream can be trusted: frame_next()
 * gives NULL and frame_problem() says why, quoting raw input. */
#pragma once

#include "base/line.h"

#include <jansson.h>

struct frame {
    struct line_splitter lines;
    char *problem; /* NULL: it is whole */
};

void frame_init(struct frame *frame, size_t limit_bytes);
void frame_feed(struct frame *frame, const void *data, size_t length);
json_t *frame_next(struct frame *frame); /* the caller's; NULL: nothing whole is left */
const char *frame_problem(const struct frame *frame); /* NULL while it is whole */
void frame_done(struct frame *frame);
