/* Whether a person's words may be sent to a guest now: only while its VM runs, and on a forwarded
 * port only while that VM's QEMU listens there. What answers otherwise is somebody else. Blocking.
 */
#pragma once

#include "base/error.h"
#include "cli/output/instance_row.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdbool.h>

/* Only whether its VM runs, in whatever way it is spoken to. */
bool reachable_state_check(const struct home *home, const struct store_instance *instance,
                           struct error *error);

/* False with a sentence: its state, and what to do. */
bool reachable_check(const struct home *home, const struct store_instance *instance,
                     struct error *error);
/* By what vm_status_get() has told the caller. */
bool reachable_now(const struct store_instance *instance, const struct vm_now *now,
                   struct error *error);
