/* Seed documents that their user edited, taken along to another identity: to a reset instance, or
 * to a clone. What names the old identity in them (instance-id, seed path) is replaced. */
#pragma once

#include "base/error.h"
#include "cloudinit/seed_document.h"
#include "home/home.h"
#include "store/instance_table.h"

/* Into the folder, which exists; a document that is as pgsup wrote it is left out, because it is
 * written anew. */
bool seed_carry(struct home *home, const struct store_instance *before,
                const struct store_instance *after, enum seed_document document, const char *folder,
                struct error *error);
