/* Files that pgsup writes and people may edit. A changed one is never overwritten. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stddef.h>
#include <sys/types.h>

enum generated_result { GENERATED_FAILED, GENERATED_WRITTEN, GENERATED_SAME, GENERATED_KEPT };

/* path is relative to the instance's folder, whose sub-folders are made. KEPT: the user's file
 * stays, the new text went to PATH.new; SAME too when it is there already. */
enum generated_result generated_write(struct home *home, const struct store_instance *instance,
                                      const char *path, const char *text, size_t length,
                                      mode_t mode, struct error *error);

/* Records the digest of a file that was just written; generated_write() does. */
bool generated_record(struct home *home, const struct store_instance *instance, const char *path,
                      const char *digest, struct error *error);

/* A transaction that is rolled back takes back what was recorded, but not the files: they would
 * count as their user's. So what is recorded since generated_forget() is kept in mind, and
 * generated_settle() records it again, in the next transaction.
 */
void generated_forget(struct home *home);
void generated_settle(struct home *home, const struct store_instance *instance);
