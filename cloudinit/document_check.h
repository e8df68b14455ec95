/* Checks the text of a seed document, which its user may have edited: does cloud-init understand
 * it, and which instance-id does it give? Pure; the text is borrowed and need not end in a NUL.
 *
 * Only what would leave a guest without its accounts or its name is an error: YAML that cannot be
 * parsed (with line and column), a document of another shape, user-data of a kind that cloud-init
 * does not know. Keys and values are not checked here; `cloud-init schema` does that. */
#pragma once

#include "base/error.h"
#include "cloudinit/seed_document.h"

#include <stdbool.h>
#include <stddef.h>

/* With the NUL; of the directory that cloud-init names after it. */
#define DOCUMENT_CHECK_ID_SIZE 128u

bool document_check(enum seed_document document, const char *text, size_t length,
                    struct error *error);

/* Gives the instance-id of a meta-data document: [a-z0-9-], because it becomes a part of the
 * phone-home path. Fails when there is none or it is malformed. */
bool document_check_instance_id(const char *text, size_t length, char id[DOCUMENT_CHECK_ID_SIZE],
                                struct error *error);
