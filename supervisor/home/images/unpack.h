/* Unpacking a disk image that was packed by xz, zstd, gzip or bzip2, or is the one disk in a tar
 * archive, packed or not (a cloud's disk.raw in a .tar.gz, for example), by pgsup-fetch.
 * Blocking. */
#pragma once

#include "base/error.h"
#include "home/images/image_progress.h"

#include <stdbool.h>

#define UNPACK_LIMIT_BYTES (UINT64_C(1) << 40) /* of what comes out */

/* Told by its first bytes: RFC 8878 3.1.1, RFC 1952 2.3.1, xz's file format 2.1.1.1, bzip2's "BZh",
 * and the magic of a tar header (POSIX pax, ustar). Needs 262 of them. */
bool unpack_is_packed(const unsigned char *head, size_t length);

/* to must not exist. Where there are only zeros it gets holes. No trace is left on failure; what is
 * broken is ERROR_INVALID (gzip has a checksum that libarchive does not look at), an interrupt
 * ERROR_CANCELLED. A tar with no disk or more than one in it is ERROR_INVALID. shown: what the
 * sentence calls it. */
bool unpack_file(const char *from, const char *shown, const char *to,
                 const struct image_progress *progress, struct error *error);
