/* Which files a tar archive has, and where in it: POSIX.1-1988, "ustar", with GNU's large sizes.
 * Nothing is unpacked. For archives of plain files side by side, from anybody: what has a folder in
 * its name, is a link or a device, is there twice or ends beyond the archive is refused. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK_BYTES    512u
#define TAR_NAME_SIZE      101u
#define TAR_MEMBERS_MAX    64u
#define TAR_EXTENSIONS_MAX (2 * TAR_MEMBERS_MAX) /* headers with more of what follows them */
#define TAR_EXTENSION_MAX  (64u << 10)           /* bytes of a header of POSIX.1-2001 */

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

/* One header, for tar_index_read() and its tests. */
enum tar_kind { TAR_FILE, TAR_EXTENSION, TAR_END };
bool tar_index_parse(const unsigned char block[TAR_BLOCK_BYTES], struct tar_member *member,
                     enum tar_kind *kind, struct error *error);
