/* A bigger disk for an instance. Only ever bigger: a disk that shrinks loses what was at its end,
 * and QEMU does it without a word (facts: qapi/block-core.json, block_resize). */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdint.h>

/* What the text asks for, "20G", in whole sectors; refused when the disk is bigger now. bytes may
 * be what it has already. Also for a disk that a VM uses. */
bool instance_resize_check(const struct home *home, const struct store_instance *instance,
                           const char *text, uint64_t *bytes, struct error *error);

/* Of one that does not run: the caller holds the lock on the folder. Interrupted and done again it
 * comes to the same. */
bool instance_resize(struct home *home, const struct store_instance *instance, uint64_t bytes,
                     struct error *error);

/* Only what is remembered of it, when QEMU has changed the disk itself. */
bool instance_resize_record(struct home *home, const struct store_instance *instance,
                            uint64_t bytes, struct error *error);
