/* A bigger disk for an instance. Only ever bigger: a disk that shrinks loses what was at its end,
 * and QEMU does it without a word (QEMU: qapi/block-core.json, block_resize). */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdint.h>

/* Parses a size, "20G", into whole sectors; fails when the disk is bigger now. The current size
 * is accepted. Works while a VM uses the disk. */
bool instance_resize_check(const struct home *home, const struct store_instance *instance,
                           const char *text, uint64_t *bytes, struct error *error);

/* For an instance that does not run: the caller holds the lock on the folder. Repeating an
 * interrupted call is safe. */
bool instance_resize(struct home *home, const struct store_instance *instance, uint64_t bytes,
                     struct error *error);

/* Records the size only, after QEMU resized the disk itself. */
bool instance_resize_record(struct home *home, const struct store_instance *instance,
                            uint64_t bytes, struct error *error);
