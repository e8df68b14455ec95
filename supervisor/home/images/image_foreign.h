/* Files that are taken for disk images and are none that can be imported: other disk formats,
 * archives, encrypted containers, installation media, seed drives. Told by their own bytes, each
 * with what to do instead. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

struct image_foreign {
    const char *what;   /* "a VMware disk (vmdk)" */
    const char *advice; /* what to do, without the file's name */
    bool may_be_raw;    /* its bytes are also those of a raw disk: --force imports it as one */
};

/* The kind of an open file; NULL: none of these. Reads by pread(2), at most some hundred bytes. */
const struct image_foreign *image_foreign_find(int fd);

/* Sets ERROR_INVALID with what the file is and what to do. shown: what the sentence calls it. */
bool image_foreign_refuse(const struct image_foreign *foreign, const char *shown,
                          struct error *error);
