/* Documents of a user's own for one instance: user-data and vendor-data that pgsup's are added to,
 * network-config that stands in place of pgsup's. Kept in INSTANCEDIR/cloud-init/own-NAME, where
 * they may be edited like the others. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "cloudinit/seed_document.h"
#include "home/home.h"

#include <stdbool.h>

#define OWN_DOCUMENT_LIMIT_BYTES (256u << 10) /* two of them fit on the drive, as base64 */

struct own_documents {
    bool given[SEED_DOCUMENT_COUNT];
    struct buffer texts[SEED_DOCUMENT_COUNT]; /* of what is given; empty: none */
};
void own_documents_done(struct own_documents *own);
bool own_documents_any(const struct own_documents *own);

/* From a file that its user named; "": none from now on. Malformed is an error, with line and
 * column. remarks: what `cloud-init schema` says of it otherwise, if that is installed; NULL:
 * nothing; caller frees. */
bool own_document_read(enum seed_document document, const char *path, struct own_documents *own,
                       char **remarks, struct error *error);

/* What is kept in the instance's folder, checked; an empty text when there is none. */
bool own_document_get(const char *folder, enum seed_document document, struct buffer *text,
                      struct error *error);

/* The given ones into the folder, and those that were there before into `before` (NULL: not asked
 * for), so that it can be undone. */
bool own_documents_put(const struct home *home, const char *folder, const struct own_documents *own,
                       struct own_documents *before, struct error *error);
