/* Copies a file, computes the SHA-256 of the copy and has it on the disk, in one pass: another
 * thread reads, writes and syncs, while the caller's computes over what the copy holds by then.
 * What is zero becomes a hole. Memory is bounded. An interrupt is as in interrupt.h. */
#pragma once

#include "base/error.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stddef.h>

struct hashed_copy {       /* all borrowed */
    int from;              /* a regular file that nobody changes; its position is not used */
    const char *from_path; /* as sentences call it */
    const char *to;        /* absolute; it must not exist, and gets mode 0600 */
    const void *head;      /* the copy begins with these bytes instead */
    size_t head_bytes;     /* at most 64 KiB, and as many as the file has */
};

/* What fails leaves no copy; the sentence names the file that could not be read, or written. */
bool hashed_copy_make(const struct hashed_copy *copy, char digest[SECRET_SHA256_SIZE],
                      struct error *error);
