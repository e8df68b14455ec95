/* A user's own documents for one instance: user-data and vendor-data, to which pgsup adds its
 * own, and network-config, which replaces pgsup's. Kept in INSTANCEDIR/cloud-init/own-NAME,
 * where they may be edited like the others. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/strv.h"
#include "cloudinit/seed_document.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdbool.h>

#define OWN_DOCUMENT_LIMIT_BYTES (256u << 10) /* two of them fit on the drive, as base64 */

struct user_documents {
    bool given[SEED_DOCUMENT_COUNT];
    struct buffer texts[SEED_DOCUMENT_COUNT]; /* of what is given; empty: none */
};
void user_documents_done(struct user_documents *own);
bool user_documents_any(const struct user_documents *own);

/* From a file that its user named, or "-"; "": none from now on. Malformed is an error, with line
 * and column. remarks: as user_document_ask() gives them; NULL: it is not asked. */
bool user_document_read(enum seed_document document, const char *path, struct user_documents *own,
                        char **remarks, struct error *error);

/* The same from a text; `shown` is how sentences call it. */
bool user_document_take(enum seed_document document, const char *shown, const char *text,
                        struct user_documents *own, struct error *error);
/* What `cloud-init schema` says of one that was read, if that is installed, which takes a second:
 * it may refuse it. remarks: what else it says; NULL: nothing; caller frees. */
bool user_document_ask(enum seed_document document, const char *shown,
                       const struct user_documents *own, char **remarks, struct error *error);

/* What one that was read does to pgsup's own: own_config.h, own_network.h. */
bool user_document_judge(const struct home *home, enum seed_document document,
                         const struct user_documents *own, struct strv *remarks,
                         struct error *error);

/* Of a network-config that was given: which guests do not get it; NULL: all do. */
const char *user_document_network_remark(const struct store_instance *instance);

/* Whether the network is the user's own: as is given, else as is kept in the folder (NULL: new). */
bool user_document_has_network(const char *folder, const struct user_documents *own);

/* Reads and checks the kept document; an empty text when there is none. */
bool user_document_get(const char *folder, enum seed_document document, struct buffer *text,
                       struct error *error);

/* Writes the given documents into the folder, and returns the replaced ones in `before` (NULL:
 * not wanted), for undoing it. */
bool user_documents_put(const struct home *home, const char *folder,
                        const struct user_documents *own, struct user_documents *before,
                        struct error *error);
