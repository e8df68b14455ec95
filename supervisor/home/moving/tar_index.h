/* Which files a tar archive has, and where in it: "ustar" with the names and sizes of its
 * extensions, POSIX.1-2001's (pax) and GNU's. Nothing is unpacked; an interrupt is ERROR_CANCELLED.
 * For archives of plain files side by side, from anybody: what has a folder in its name, is a link
 * or a device, is there twice or ends beyond the archive is refused. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK_BYTES    512u
#define TAR_NAME_SIZE      256u
#define TAR_MEMBERS_MAX    64u
#define TAR_EXTENSIONS_MAX (2 * TAR_MEMBERS_MAX) /* headers that are no file */
#define TAR_EXTENSION_MAX  (64u << 10)           /* bytes of what one of them says */

struct tar_member {
    char name[TAR_NAME_SIZE];
    uint64_t offset, bytes;
};
struct tar_index {
    struct tar_member members[TAR_MEMBERS_MAX];
    size_t count;
};

bool tar_index_is_archive(const void *bytes, size_t length); /* its first block */
/* ERROR_INVALID, whose sentence is to follow the file's name: "has …". */
bool tar_index_read(int fd, struct tar_index *index, struct error *error);
/* NULL: there is none of this name. */
const struct tar_member *tar_index_find(const struct tar_index *index, const char *name);

/* One header, for tar_index_read() and its tests. TAR_SKIPPED: the archive's own folder. */
enum tar_kind { TAR_FILE, TAR_SKIPPED, TAR_PAX, TAR_PAX_OF_ALL, TAR_LONG_NAME, TAR_END };
/* What extensions have said of the next file. */
struct tar_given {
    bool has_name, has_bytes;
    char name[TAR_NAME_SIZE];
    uint64_t bytes;
};
bool tar_index_parse(const unsigned char block[TAR_BLOCK_BYTES], const struct tar_given *given,
                     struct tar_member *member, enum tar_kind *kind, struct error *error);
/* What such an extension says; text[length] is NUL. */
bool tar_index_extend(char *text, size_t length, enum tar_kind kind, struct tar_given *given,
                      struct error *error);
