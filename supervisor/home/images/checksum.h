/* What a download must be, as its publisher says: a digest, given or looked up in a checksum file
 * of the forms that sha256sum(1) and BSD's sha256(1) write. The lookup is pure. */
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
    enum catalogue_form form;
    const char *name; /* of the file, as the checksum file calls it */
};

/* The digest of checksum->name in the text of a checksum file, in lower case. One that holds a
 * single digest is taken to be about the file that it lies beside, whatever the name in it. */
bool checksum_find(const struct checksum *checksum, const char *text, size_t length,
                   char hex[CHECKSUM_HEX_SIZE], struct error *error);

/* Of a file, in lower case. */
bool checksum_of_file(enum catalogue_digest digest, const char *path, char hex[CHECKSUM_HEX_SIZE],
                      struct error *error);

const char *checksum_word(enum catalogue_digest digest); /* "SHA256" */
