/* The header of a sparse VMDK file with its descriptor inside, which is what an OVA has: VMware's
 * "Virtual Disk Format 5.0", "Hosted Sparse Extents". Pure. A descriptor that stands alone, or a
 * header that leaves it to the descriptor where the data is, would name other files, and is
 * refused. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMDK_DESCRIPTOR_BYTES (64u << 10) /* it ends within these, where it is longer */

struct vmdk_header {
    uint64_t virtual_bytes;
    uint64_t descriptor_offset, descriptor_bytes;
};
/* The first bytes of a file. ERROR_INVALID, whose sentence is to follow the file's name: "is …". */
bool vmdk_header_parse(const void *bytes, size_t length, struct vmdk_header *header,
                       struct error *error);
/* Whether a descriptor names another disk, under this one. */
bool vmdk_header_has_parent(const void *descriptor, size_t length);
