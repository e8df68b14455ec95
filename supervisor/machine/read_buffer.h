/* What is read from a stream stands here until its read callback returns: one buffer for all, since
 * libuv asks for it immediately before it reads, and everything runs on one loop's thread. */
#pragma once

#include <uv.h>

#define READ_BUFFER_BYTES 65536

void read_buffer_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer);
