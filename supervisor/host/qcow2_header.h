/* The header of a qcow2 file, as far as it says which other files belong to it: QEMU's
 * docs/interop/qcow2.txt. Pure. It reads what QEMU would read, and refuses what it cannot follow,
 * so that no QEMU tool has to be shown a file to learn what it would open. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QCOW2_HEADER_BYTES      (64u << 10) /* header, extensions and name end within these */
#define QCOW2_BACKING_SIZE      1024        /* the name, and NUL */
#define QCOW2_FORMAT_SIZE       16
#define QCOW2_CLUSTER_BITS_MIN  9
#define QCOW2_CLUSTER_BITS_MAX  21
#define QCOW2_REFCOUNT_BITS_MAX 6 /* as a power of 2 */

struct qcow2_header {
    unsigned version; /* 2 or 3 */
    unsigned cluster_bits;
    uint64_t virtual_bytes;
    bool encrypted;
    bool has_data_file; /* its data is in another file */
    bool is_plain; /* closed in order; no snapshot, bitmap or feature that changes how it is read */
    char backing[QCOW2_BACKING_SIZE];       /* "": none */
    char backing_format[QCOW2_FORMAT_SIZE]; /* "": not said */
};

bool qcow2_header_has_magic(const void *bytes, size_t length);
/* The first bytes of a file, QCOW2_HEADER_BYTES of them where it has as many. ERROR_INVALID, whose
 * sentence is to follow the file's name: "is …". */
bool qcow2_header_parse(const void *bytes, size_t length, struct qcow2_header *header,
                        struct error *error);
/* Puts another name into the bytes of a header that names a backing file. How many bytes from the
 * beginning are to be written back; 0: it is longer than the name there, and nothing is changed. */
size_t qcow2_header_rename_backing(void *bytes, size_t length, const char *name);
/* A name that QEMU takes for more than a path: "json:{…}", "nbd://host/". */
bool qcow2_header_is_address(const char *backing);
