#include "stream.h"

#include "base/alloc.h"

#include <stdlib.h>

struct stream_request {
    uv_write_t request;
    void *owner;
    stream_on_written *on_written;
    char *data;
    size_t length;
};

bool stream_write_now(uv_stream_t *stream, struct buffer *bytes) {
    uv_buf_t piece = uv_buf_init(bytes->data, (unsigned)bytes->length);
    int written = bytes->length ? uv_try_write(stream, &piece, 1) : 0;
    if (written > 0)
        buffer_consume(bytes, (size_t)written);
    return bytes->length == 0;
}

static void request_free(struct stream_request *request) {
    free(request->data);
    free(request);
}

static void on_request_written(uv_write_t *handle, int status) {
    struct stream_request *request = (struct stream_request *)handle;
    stream_on_written *on_written = request->on_written;
    void *owner = request->owner;
    size_t length = request->length;
    request_free(request);
    if (on_written)
        on_written(owner, length, status);
}

bool stream_write(uv_stream_t *stream, struct buffer *bytes, void *owner,
                  stream_on_written *on_written) {
    struct stream_request *request = alloc_zero(sizeof *request);
    request->owner = owner;
    request->on_written = on_written;
    request->length = bytes->length;
    request->data = buffer_take(bytes);
    uv_buf_t piece = uv_buf_init(request->data, (unsigned)request->length);
    if (uv_write(&request->request, stream, &piece, 1, on_request_written) == 0)
        return true;
    request_free(request);
    return false;
}
