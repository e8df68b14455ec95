/* --user-data, --vendor-data and --network-config, for `instance create` and `instance set`. */
#pragma once

#include "cli/invocation.h"
#include "home/seed/user_document.h"

/* Reads the files that are named; what cloud-init remarks on them goes to stderr. The caller
 * releases own whether it succeeds or not. */
bool document_options_read(const struct invocation *invocation, struct user_documents *own,
                           struct error *error);
