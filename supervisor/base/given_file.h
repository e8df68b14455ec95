/* A file that a person names on the command line, read once: it may be a pipe, a FIFO, or "-" for
 * standard input. What is checked is what is kept. Errors name the file; a missing one is
 * ERROR_NOT_FOUND. Blocking. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define GIVEN_FILE_STANDARD_INPUT "-"

enum given_file_mark { /* of a byte order mark at its beginning */
                       GIVEN_FILE_STRIP,
                       GIVEN_FILE_REFUSE,
                       GIVEN_FILE_AS_IT_IS, /* its reader checks the form of the text */
};

struct given_file {
    const char *what; /* for sentences: "public key" */
    const char *path;
    size_t limit_bytes;
    enum given_file_mark mark;
};

/* mode: of the file that was read; NULL: not wanted. */
bool given_file_read(const struct given_file *file, struct buffer *text, mode_t *mode,
                     struct error *error);
/* How sentences call it: the path, or "standard input". */
const char *given_file_shown(const char *path);
/* It can be read again later by this path: a regular file that is nobody's descriptor. */
bool given_file_is_lasting(const char *path);
