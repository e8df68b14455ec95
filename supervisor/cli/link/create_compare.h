/* Whether an instance that exists is as the options of `instance create` ask for:
 * create_option_rows.h.
 */
#pragma once

#include "base/buffer.h"
#include "cli/invocation.h"
#include "store/instance_table.h"

/* False, ERROR_EXISTS: it differs; the sentence names each option and what it has instead. Options
 * that leave nothing to compare are added to unseen, as "--nic, --user-data". */
bool create_compare(const struct invocation *invocation, struct home *home,
                    const struct store_instance *instance, struct buffer *unseen,
                    struct error *error);
