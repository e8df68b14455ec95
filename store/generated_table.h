/* Digests of the files that pgsup wrote and people may edit (vm.sh, seed documents, Ansible files).
 * When the digest of a file differs from the recorded one, its user has edited it. */
#pragma once

#include "base/secret.h"
#include "store/store.h"

/* digest: "" when none is recorded. path: relative to the instance's folder. */
bool generated_table_get(struct store *store, int64_t instance, const char *path,
                         char digest[SECRET_SHA256_SIZE], struct error *error);
bool generated_table_put(struct store *store, int64_t instance, const char *path,
                         const char *digest, struct error *error);
