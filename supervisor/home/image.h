/* Images of the home: import of a local file, download, verification and removal. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/image_table.h"

#define IMAGE_SEED_NONE "none" /* from a drive only, as cloud-init 23.2 to 23.4 */

struct image_progress { /* called now and then while bytes move; total 0: unknown */
    void (*report)(void *context, uint64_t done_bytes, uint64_t total_bytes);
    void *context;
};

/* Copies (reflink where possible), verifies with qemu-img that it is a sound qcow2 without a
 * backing or external data file, makes it read-only, records it. No trace is left on failure. arch
 * NULL: guessed from the file name, else the host's. seed_source: what its cloud-init calls a seed
 * over HTTP, or IMAGE_SEED_NONE; NULL: as the catalogue says of this name, else "nocloud-net".
 */
bool image_import(struct home *home, const char *name, const char *file, const char *arch,
                  const char *seed_source, struct error *error);
/* By its name in the catalogue. The publisher's checksum is fetched first; what does not have it is
 * not used, but kept as images/NAME.part.mismatch. */
bool image_download(struct home *home, const char *name, const struct image_progress *progress,
                    struct error *error);

struct image_address {
    const char *name, *url;
    const char *sha256; /* what it must be; NULL: whatever comes */
};
/* From any address; the architecture is guessed from its last part, else the host's. */
bool image_download_from(struct home *home, const struct image_address *address,
                         const struct image_progress *progress, struct error *error);
/* INSTANCE, INSTANCE …: those whose disks are over it; "" for none. Caller frees. */
char *image_users(struct home *home, const char *name, struct error *error);
char *image_path(const struct home *home, const struct store_image *image); /* caller frees */
/* It is to the byte what came into the home, and qemu-img finds nothing wrong with it. */
bool image_verify(struct home *home, const char *name, struct error *error);
/* Refused while instances use it; names them. */
bool image_remove(struct home *home, const char *name, struct error *error);
