/* A seed document as text, that its user may have edited: is it what cloud-init will understand,
 * and which instance-id does it give? Pure; the text is borrowed and need not end in a NUL.
 *
 * Only what would leave a guest without its accounts or its name is an error: YAML that cannot be
 * read (with line and column), a document of another shape, user-data of no kind that cloud-init
 * knows. Keys and values are the user's business; `cloud-init schema` judges those. */
#pragma once

#include "base/error.h"
#include "cloudinit/route.h"

#include <stdbool.h>
#include <stddef.h>

#define DOCUMENT_TEXT_ID_SIZE                                                                      \
    128u /* with the NUL; of the directory that cloud-init names after it */

bool document_text_check(enum seed_document document, const char *text, size_t length,
                         struct error *error);

/* Of meta-data: [a-z0-9-], because it becomes a part of the phone-home's path. */
bool document_text_instance_id(const char *text, size_t length, char id[DOCUMENT_TEXT_ID_SIZE],
                               struct error *error);

/* Of user-data and vendor-data: MIME, which holds other documents; what gzip made. */
bool document_text_is_mime(const char *text, size_t length);
bool document_text_is_gzip(const char *text, size_t length);
/* "#cloud-config", whose keys `cloud-init schema` knows. */
bool document_text_is_cloud_config(const char *text, size_t length);

/* True if every YAML 1.1 reader takes the bare value for text. */
bool document_text_is_plain(const char *value);
