#include "host/qcow2_header.h"

#include <string.h>

#define MAGIC "QFI\xfb"

/* Offsets and lengths in bytes. */
enum {
    VERSION = 4,
    BACKING_OFFSET = 8,
    BACKING_LENGTH = 16,
    CLUSTER_BITS = 20,
    VIRTUAL_SIZE = 24,
    CRYPT_METHOD = 32,
    SNAPSHOTS = 60,
    VERSION_2_LENGTH = 72,
    INCOMPATIBLE = 72,
    AUTOCLEAR = 88,
    REFCOUNT_ORDER = 96,
    HEADER_LENGTH = 100,
    VERSION_3_LENGTH = 104,
    EXTENSION_HEAD = 8,
};

#define FEATURE_DATA_FILE  (UINT64_C(1) << 2)
#define FEATURES_KNOWN     UINT64_C(0x1f) /* dirty, corrupt, data file, compression, extended L2 */
#define EXTENSION_END      0u
#define EXTENSION_FORMAT   0xe2792acau
#define EXTENSION_DATA     0x44415441u
#define EXTENSION_LUKS     0x0537be77u
#define EXTENSION_ALIGN(n) (((n) + 7u) & ~UINT64_C(7))

struct reading {
    const unsigned char *bytes;
    size_t length;
    struct qcow2_header *header;
    uint64_t backing_offset, backing_length;
    uint64_t fixed_length; /* what stands before the extensions */
};

static uint64_t number(const struct reading *reading, size_t at, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | reading->bytes[at + i];
    return value;
}

static bool refuse(const char *what, struct error *error) {
    return error_set(error, ERROR_INVALID, "is not an intact qcow2 disk image: %s", what);
}

bool qcow2_header_has_magic(const void *bytes, size_t length) {
    return length >= strlen(MAGIC) && memcmp(bytes, MAGIC, strlen(MAGIC)) == 0;
}

bool qcow2_header_is_address(const char *backing) {
    return backing[strcspn(backing, ":/")] == ':';
}

static bool read_features(struct reading *reading, struct error *error) {
    uint64_t features = number(reading, INCOMPATIBLE, 8);
    reading->fixed_length = number(reading, HEADER_LENGTH, 4);
    if (features & ~FEATURES_KNOWN)
        return error_set(error, ERROR_INVALID,
                         "uses features of qcow2 that are not known: make a plain one of it with "
                         "`qemu-img convert -O qcow2`");
    reading->header->has_data_file = (features & FEATURE_DATA_FILE) != 0;
    if (features || number(reading, AUTOCLEAR, 8))
        reading->header->is_plain = false;
    if (number(reading, REFCOUNT_ORDER, 4) > QCOW2_REFCOUNT_BITS_MAX)
        return refuse("its reference counts have an impossible width", error);
    return (reading->fixed_length >= VERSION_3_LENGTH && reading->fixed_length % 8 == 0 &&
            reading->fixed_length <= reading->length) ||
           refuse("its header has an impossible length", error);
}

static bool read_fixed(struct reading *reading, struct error *error) {
    struct qcow2_header *header = reading->header;
    if (reading->length < VERSION_2_LENGTH)
        return refuse("its header is cut off", error);
    header->version = (unsigned)number(reading, VERSION, 4);
    header->virtual_bytes = number(reading, VIRTUAL_SIZE, 8);
    header->encrypted = number(reading, CRYPT_METHOD, 4) != 0;
    header->is_plain = !header->encrypted && number(reading, SNAPSHOTS, 4) == 0;
    reading->backing_offset = number(reading, BACKING_OFFSET, 8);
    reading->backing_length = reading->backing_offset ? number(reading, BACKING_LENGTH, 4) : 0;
    reading->fixed_length = VERSION_2_LENGTH;
    if (header->version == 1)
        return error_set(error, ERROR_INVALID,
                         "is in the old qcow format: convert it with `qemu-img convert -f qcow -O "
                         "qcow2`");
    if (header->version != 2 && header->version != 3)
        return refuse("its version is unknown", error);
    uint64_t bits = number(reading, CLUSTER_BITS, 4);
    if (bits < QCOW2_CLUSTER_BITS_MIN || bits > QCOW2_CLUSTER_BITS_MAX)
        return refuse("its clusters have an impossible size", error);
    header->cluster_bits = (unsigned)bits;
    if (header->version == 2)
        return true;
    return reading->length < VERSION_3_LENGTH ? refuse("its header is cut off", error)
                                              : read_features(reading, error);
}

static bool copy_text(const struct reading *reading, uint64_t at, uint64_t length, char *text) {
    memcpy(text, reading->bytes + at, (size_t)length);
    text[length] = 0;
    return strlen(text) == length;
}

static bool read_backing(struct reading *reading, struct error *error) {
    uint64_t cluster = UINT64_C(1) << reading->header->cluster_bits;
    uint64_t at = reading->backing_offset, length = reading->backing_length;
    if (at == 0)
        return true;
    if (length == 0 || length >= QCOW2_BACKING_SIZE || at < reading->fixed_length || at > cluster ||
        length > cluster - at || at > reading->length || length > reading->length - at ||
        !copy_text(reading, at, length, reading->header->backing))
        return refuse("the name of its backing file cannot be read", error);
    return true;
}

static bool take_extension(struct reading *reading, uint64_t type, uint64_t at, uint64_t length) {
    struct qcow2_header *header = reading->header;
    if (type == EXTENSION_DATA)
        header->has_data_file = true;
    if (type == EXTENSION_LUKS)
        header->encrypted = true;
    return type != EXTENSION_FORMAT ||
           (length < QCOW2_FORMAT_SIZE && copy_text(reading, at, length, header->backing_format));
}

/* They end where QEMU ends them: at an end mark, at the backing file's name or with the cluster. */
static bool read_extensions(struct reading *reading, struct error *error) {
    uint64_t end = reading->backing_offset ? reading->backing_offset
                                           : UINT64_C(1) << reading->header->cluster_bits;
    uint64_t at = reading->fixed_length;
    while (at < end) {
        if (at + EXTENSION_HEAD > reading->length)
            return refuse("its header extensions are cut off", error);
        uint64_t type = number(reading, (size_t)at, 4), length = number(reading, (size_t)at + 4, 4);
        if (type == EXTENSION_END)
            return true;
        at += EXTENSION_HEAD;
        if (length > reading->length - at || length > end - at ||
            !take_extension(reading, type, at, length))
            return refuse("its header extensions make no sense", error);
        at += EXTENSION_ALIGN(length);
    }
    return true;
}

bool qcow2_header_parse(const void *bytes, size_t length, struct qcow2_header *header,
                        struct error *error) {
    struct reading reading = {.bytes = bytes, .length = length, .header = header};
    *header = (struct qcow2_header){0};
    if (!qcow2_header_has_magic(bytes, length))
        return error_set(error, ERROR_INVALID, "is not a qcow2 disk image");
    return read_fixed(&reading, error) && read_backing(&reading, error) &&
           read_extensions(&reading, error);
}

size_t qcow2_header_rename_backing(void *bytes, size_t length, const char *name) {
    struct qcow2_header header;
    struct reading reading = {.bytes = bytes, .length = length};
    unsigned char *to = bytes;
    size_t wanted = strlen(name);
    if (!qcow2_header_parse(bytes, length, &header, NULL) || wanted == 0 ||
        wanted > strlen(header.backing))
        return 0;
    size_t at = (size_t)number(&reading, BACKING_OFFSET, 8), before = strlen(header.backing);
    for (size_t i = 0; i < before; i++)
        to[at + i] = i < wanted ? (unsigned char)name[i] : 0;
    for (size_t i = 0; i < 4; i++)
        to[BACKING_LENGTH + i] = (unsigned char)(wanted >> 8 * (3 - i));
    return at + before;
}
