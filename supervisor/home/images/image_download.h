/* Images from the network: fetched, checked against what their publisher says, unpacked.
 *
 * The checksum is fetched first. A download that breaks off or is interrupted is kept as
 * images/NAME.part, and the next one goes on from there; one that has not the checksum is kept
 * aside as images/NAME.part.mismatch. Without a checksum nothing can be gone on from: it begins
 * anew. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/images/image_progress.h"

/* By its name in the catalogue, for the architecture of this host. progress may be NULL. */
bool image_download(struct home *home, const char *name, const struct image_progress *progress,
                    struct error *error);

struct image_address { /* borrowed */
    const char *name, *url;
    const char *sha256; /* what it must be, before it is unpacked; NULL: whatever comes */
    const char *arch;   /* NULL: what its last part tells, else the host's */
};
/* From any address. */
bool image_download_from(struct home *home, const struct image_address *address,
                         const struct image_progress *progress, struct error *error);
