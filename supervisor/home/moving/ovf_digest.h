/* The manifest of an OVF package (its .mf file), and digests of parts of files by it: DMTF DSP0243,
 * "Package manifest". They tell damage, and not who made it. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ovf_digest_kind { OVF_DIGEST_NONE, OVF_DIGEST_SHA1, OVF_DIGEST_SHA256, OVF_DIGEST_SHA512 };
#define OVF_DIGEST_SIZE 129 /* lower-case hex and NUL */

struct ovf_digest {
    enum ovf_digest_kind kind;
    char text[OVF_DIGEST_SIZE];
};
/* What the manifest says of a file; OVF_DIGEST_NONE: nothing. False: it says it in a form that is
 * not known. Pure. */
bool ovf_digest_find(const char *manifest, const char *file, struct ovf_digest *digest);
struct ovf_digest_part { /* of a file; borrowed */
    int fd;
    uint64_t offset, bytes;
    const char *shown; /* in messages */
};
/* ERROR_INVALID: they differ. */
bool ovf_digest_check(const struct ovf_digest_part *part, const struct ovf_digest *digest,
                      struct error *error);
