/* --user-data, --vendor-data and --network-config, for `instance create` and `instance set`. */
#pragma once

#include "cli/invocation.h"
#include "home/seed/user_document.h"
#include "store/instance_table.h"

/* Reads the given files; prints the remarks of cloud-init on stderr. The caller
 * releases own whether it succeeds or not. */
bool document_options_read(const struct invocation *invocation, struct user_documents *own,
                           struct error *error);

/* Warns of a network-config of the user's own that comes over HTTP, for which not all ask. */
void document_options_remark(const struct invocation *invocation,
                             const struct store_instance *instance);
