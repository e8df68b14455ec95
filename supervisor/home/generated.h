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
