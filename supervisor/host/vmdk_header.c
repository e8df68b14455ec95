#include "host/vmdk_header.h"

#include <string.h>

#define MAGIC   "KDMV"
#define PARENT  "parentFileNameHint"
#define ALONE   "# Disk DescriptorFile"
#define SECTORS (UINT64_MAX / SECTOR_BYTES)

/* Offsets in bytes. */
enum {
    VERSION = 4,
    CAPACITY = 12,
    DESCRIPTOR_OFFSET = 28,
    DESCRIPTOR_SIZE = 36,
    HEADER_BYTES = 79,
    SECTOR_BYTES = 512,
    VERSION_LAST = 3,
};

static uint64_t little(const unsigned char *bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = count; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static bool has_start(const unsigned char *bytes, size_t length, const char *with) {
    return length >= strlen(with) && memcmp(bytes, with, strlen(with)) == 0;
}

bool vmdk_header_parse(const void *data, size_t length, struct vmdk_header *header,
                       struct error *error) {
    const unsigned char *bytes = data;
    if (has_start(bytes, length, ALONE))
        return error_set(error, ERROR_INVALID,
                         "is only the descriptor of a disk that is in other files");
    if (!has_start(bytes, length, MAGIC) || length < HEADER_BYTES)
        return error_set(error, ERROR_INVALID, "is neither a VMDK nor a qcow2 disk image");
    uint64_t version = little(bytes + VERSION, 4), capacity = little(bytes + CAPACITY, 8);
    uint64_t offset = little(bytes + DESCRIPTOR_OFFSET, 8);
    uint64_t size = little(bytes + DESCRIPTOR_SIZE, 8);
    if (version < 1 || version > VERSION_LAST)
        return error_set(error, ERROR_INVALID, "is of an unknown version of VMDK");
    if (capacity == 0)
        return error_set(error, ERROR_INVALID, "does not say how large its disk is");
    if (capacity > SECTORS || offset > SECTORS || size > SECTORS)
        return error_set(error, ERROR_INVALID, "is damaged: its header has impossible numbers");
    header->virtual_bytes = capacity * SECTOR_BYTES;
    header->descriptor_offset = offset * SECTOR_BYTES;
    header->descriptor_bytes = size * SECTOR_BYTES;
    return true;
}

bool vmdk_header_has_parent(const void *descriptor, size_t length) {
    return memmem(descriptor, length, PARENT, strlen(PARENT)) != NULL;
}
