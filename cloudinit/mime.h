/* Splits a MIME document into its parts as Python's email package does for cloud-init, however deep
 * they are in one another, and decodes them. Pure; the text is borrowed.
 *
 * A multipart document whose boundary separates nothing is an error: cloud-init passes it over. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define MIME_DEPTH_LIMIT 8u
#define MIME_PARTS_LIMIT 1000u
#define MIME_WORD_SIZE   128u /* of a type, of a boundary (RFC 2046: 70) */

struct mime_part {
    unsigned number;           /* from 1 on */
    char type[MIME_WORD_SIZE]; /* lower case, "text/plain" when none is given */
    struct buffer content;     /* decoded */
};

typedef bool mime_function(const struct mime_part *part, void *context, struct error *error);

/* Calls the function for each part that has no parts; its failure ends it. */
bool mime_each(const char *text, size_t length, mime_function *function, void *context,
               struct error *error);
