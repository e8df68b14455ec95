/* Bytes of a stranger on an HTTP connection. Whatever they are and however they are cut, the same
 * requests are handed out, the same bytes are written, and every limit holds. */
#include "base/buffer.h"
#include "cloudinit/http.h"
#include "cloudinit/route.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition) {
    if (!condition)
        abort();
}

static void answer(struct http_connection *connection, struct buffer *trace) {
    struct http_request request;
    while (http_next(connection, &request)) {
        require(strlen(request.target) <= HTTP_TARGET_LIMIT_BYTES);
        require(strlen(request.agent) <= HTTP_HEADER_LIMIT_BYTES);
        require(request.body_length <= HTTP_BODY_LIMIT_BYTES);
        require(request.body[request.body_length] == 0);
        struct route route = route_parse(request.method, request.target);
        buffer_printf(trace, "%s %s %s %d ", request.method, request.target, request.agent,
                      (int)route.kind);
        buffer_append(trace, request.body, request.body_length);
        if (route.allow)
            http_allow(connection, route.allow);
        http_respond(connection, route.allow ? 405 : 200, NULL, "answer", 6);
    }
}

/* step 0: all at once */
static void play(const uint8_t *data, size_t size, size_t step, struct buffer *trace) {
    struct http_connection *connection = http_new();
    for (size_t at = 0, length; at < size; at += length) {
        length = step && step < size - at ? step : size - at;
        http_feed(connection, data + at, length);
        answer(connection, trace);
        struct buffer *output = http_output(connection);
        if (http_closing(connection))
            require(output->length > 0);
    }
    http_idle(connection);
    require(http_closing(connection));
    buffer_append(trace, http_output(connection)->data, http_output(connection)->length);
    http_free(connection);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > HTTP_INPUT_LIMIT_BYTES / 2)
        return 0; /* beyond the limit what is dropped depends on the cuts */
    struct buffer whole = {0}, bytes = {0}, pieces = {0};
    play(data, size, 0, &whole);
    play(data, size, 1, &bytes);
    play(data, size, 1 + size % 61, &pieces);
    require(whole.length == bytes.length && whole.length == pieces.length);
    require(whole.length == 0 || memcmp(whole.data, bytes.data, whole.length) == 0);
    require(whole.length == 0 || memcmp(whole.data, pieces.data, whole.length) == 0);
    buffer_done(&whole);
    buffer_done(&bytes);
    buffer_done(&pieces);
    return 0;
}
