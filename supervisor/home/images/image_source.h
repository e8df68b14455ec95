/* Where an image of the catalogue is right now: its addresses, with what its publisher lists in the
 * place of "*", and its checksum. Asks the network; blocking. */
#pragma once

#include "base/error.h"
#include "home/images/catalogue.h"
#include "home/images/checksum.h"

struct image_source { /* owned */
    char *url;
    char *checksums; /* NULL: sha256 is known, or nothing is */
    char *sha256;
    const char *arch; /* borrowed; NULL: what the address tells, else the host's */
    enum catalogue_digest digest;
};

/* error: names the listing. */
bool image_source_find(const struct catalogue_image *image, enum spec_arch arch,
                       struct image_source *source, struct error *error);
/* What the file must be; "" when nothing is known. */
bool image_source_digest(const struct image_source *source, char hex[CHECKSUM_HEX_SIZE],
                         struct error *error);
/* Asks whether all of it is there, and downloads nothing but listing and checksums. bytes: of the
 * file, packed as it is; 0: the server does not tell. */
bool image_source_check(const struct catalogue_image *image, enum spec_arch arch,
                        struct image_source *source, uint64_t *bytes, struct error *error);
void image_source_done(struct image_source *source);
