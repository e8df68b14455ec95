/* Digests of the files that pgsup wrote for people to edit (vm.sh, seed documents, Ansible files):
 * a file whose digest is no longer the recorded one was changed by its user. */
#pragma once

#include "base/secret.h"
#include "store/store.h"

/* digest becomes "" when nothing is recorded. path is relative to the instance's folder. */
bool generated_table_get(struct store *store, int64_t instance, const char *path,
                         char digest[SECRET_SHA256_SIZE], struct error *error);
bool generated_table_put(struct store *store, int64_t instance, const char *path,
                         const char *digest, struct error *error);
