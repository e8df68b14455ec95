#include "machine/read_buffer.h"

static char bytes[READ_BUFFER_BYTES];

void read_buffer_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(bytes, READ_BUFFER_BYTES);
}
