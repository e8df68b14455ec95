/* Writing to a libuv stream: what it takes at once needs no request; for the rest, the bytes and
 * the request live until they are written. */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>
#include <uv.h>

/* Takes what the stream takes out of the buffer. True: that was all. */
bool stream_write_now(uv_stream_t *stream, struct buffer *bytes);

/* status < 0: not all was written. Called also when the stream is closed before that; the close
 * callback of the stream comes later. */
typedef void stream_on_written(void *owner, size_t length, int status);

/* Takes the bytes out of the buffer in any case. on_written NULL: nobody asks. False: nothing will
 * be written, and on_written is not called. */
bool stream_write(uv_stream_t *stream, struct buffer *bytes, void *owner,
                  stream_on_written *on_written);
