/* A disk image that is part of a file, as in an archive, or all of one: vmdk and qcow2, from
 * anybody. What QEMU would open beside it is refused before QEMU is shown it. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct disk_slice {    /* borrowed */
    const char *path;  /* absolute; a regular file */
    const char *shown; /* what sentences call it */
    uint64_t offset, bytes;
};
enum disk_slice_format { DISK_SLICE_VMDK, DISK_SLICE_QCOW2 };

/* ERROR_INVALID for what is neither, or depends on another file, or whose disk is larger than
 * limit_bytes. */
bool disk_slice_check(const struct disk_slice *slice, uint64_t limit_bytes,
                      enum disk_slice_format *format, struct error *error);
/* Makes a self-contained qcow2 file of one that was checked. */
bool disk_slice_convert(const struct disk_slice *slice, enum disk_slice_format format,
                        const char *target, struct error *error);
