/* Copies a qcow2 disk as the file that it is, in one pass in which it is hashed, written and
 * synced: one that a conversion would hardly make smaller, and that nothing is wrong with. Every
 * other one is for qemu_img.h. */
#pragma once

#include "base/error.h"
#include "base/secret.h"

#include <stdbool.h>

struct qcow2_copy {
    const char *from, *to; /* absolute */
    const char *backing; /* the name by which the copy knows its backing file; NULL: it has none */
};

/* digest: "": it is not such a disk, or another process writes to it, and nothing was done. While
 * it is copied, no QEMU can open it to write. */
bool qcow2_copy_try(const struct qcow2_copy *copy, char digest[SECRET_SHA256_SIZE],
                    struct error *error);
