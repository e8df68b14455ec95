/* Copies seed documents that the user edited to another identity: a reset instance or a clone.
 * The old instance-id and seed path in them are replaced. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "cloudinit/seed_document.h"
#include "home/home.h"
#include "store/instance_table.h"

struct seed_carry {
    struct home *home;
    const struct store_instance *before, *after;
    const char *folder; /* the target; it exists */
};

/* The text of a document of one becomes that of the other. */
void seed_carry_text(const struct store_instance *before, const struct store_instance *after,
                     enum seed_document document, struct buffer *text);
/* Copies the one in the file `from`. */
bool seed_carry_file(const struct seed_carry *carry, enum seed_document document, const char *from,
                     struct error *error);
/* Leaves out a document that was not edited, because it is regenerated. */
bool seed_carry(const struct seed_carry *carry, enum seed_document document, struct error *error);
