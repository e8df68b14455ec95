/* What a download must be, as its publisher says: a digest, given or looked up in a checksum file.
 * Lines of sha256sum(1), of BSD's sha256(1) and of openssl-dgst(1) are read, and headings that name
 * the algorithm of the lines below them (Gentoo's DIGESTS). The lookup is pure. */
#pragma once

#include "base/error.h"
#include "home/images/catalogue.h"

#include <stdbool.h>
#include <stddef.h>

#define CHECKSUM_HEX_SIZE         129 /* of SHA-512, and NUL */
#define CHECKSUM_FILE_LIMIT_BYTES (1u << 20)

struct checksum {
    const char *url; /* of the checksum file; NULL: hex is given */
    const char *hex; /* NULL with url NULL: nothing is known */
    enum catalogue_digest digest;
    const char *file_url; /* of the file that the digest is looked up for */
};

/* Finds the digest of checksum->file_url in the text of a checksum file, in lower case. Of lines
 * with the same file name the one whose folders fit the address wins; two that fit equally and
 * differ are ERROR_FAILED, as is none. A text with a single digest is taken to be about the file
 * that it lies beside, whatever the name in it. */
bool checksum_find(const struct checksum *checksum, const char *text, size_t length,
                   char hex[CHECKSUM_HEX_SIZE], struct error *error);

/* Of a file, in lower case. */
bool checksum_of_file(enum catalogue_digest digest, const char *path, char hex[CHECKSUM_HEX_SIZE],
                      struct error *error);

const char *checksum_word(enum catalogue_digest digest); /* "SHA256" */
