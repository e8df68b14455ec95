/* What a user's own user-data or vendor-data does to pgsup's, with which cloud-init merges it:
 * judged from each cloud-config in it, also in MIME and archives. Scripts, includes and templates
 * may do anything, which is not known here. Pure; the text is borrowed, and has passed
 * document_check().
 *
 * An error: the guest would have no accounts of pgsup, or never phone home, or cloud-init would
 * pass the document over. A remark: something in it has no effect, or takes a way in away. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "cloudinit/seed_document.h"

#include <stdbool.h>
#include <stddef.h>

struct own_config_facts {
    enum seed_document document;
    const struct strv *accounts; /* the names of pgsup's */
};

bool own_config_check(const char *text, size_t length, const struct own_config_facts *facts,
                      struct strv *remarks, struct error *error);
