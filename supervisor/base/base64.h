/* Base64 as MIME has it (RFC 2045, 6.8), through libsodium. Pure. */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>

/* Appends the bytes in lines of at most 76 characters, each with its newline. */
void base64_append(const void *bytes, size_t length, struct buffer *text);
/* Appends the decoded bytes; white space between digits is skipped. False: not Base64. */
bool base64_decode(const char *text, struct buffer *bytes);
