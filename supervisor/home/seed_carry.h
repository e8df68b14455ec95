/* Seed documents that their user edited, taken along to another identity: to a reset instance, or
 * to a clone. What names the old identity in them (instance-id, seed path) is replaced. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

/* Into the folder, which exists; documents that are as pgsup wrote them are left out, because they
 * are written anew. */
bool seed_carry(struct home *home, const struct store_instance *before,
                const struct store_instance *after, const char *folder, struct error *error);
