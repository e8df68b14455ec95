/* The form that cloud-init's cc_phone_home posts: application/x-www-form-urlencoded with
 * pub_key_rsa, pub_key_ecdsa, pub_key_ed25519, instance_id, hostname, fqdn (absent: "N/A").
 * The guest writes all of it: keys are parsed strictly and re-emitted as "type base64" (no comment,
 * no options), names are bounded and not yet printable. A key that is not exactly one valid host
 * key of its type counts as absent; the first of a repeated field counts; unknown fields are
 * ignored. A form that breaks the encoding or a limit fails as a whole. */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define PHONE_HOME_LIMIT_BYTES 16384u /* cloud-init posts up to 1.6 kB */

enum phone_home_key { PHONE_HOME_RSA, PHONE_HOME_ECDSA, PHONE_HOME_ED25519, PHONE_HOME_KEY_COUNT };

struct phone_home {
    char instance_id[128];
    char hostname[256];
    char fqdn[256];
    char *keys[PHONE_HOME_KEY_COUNT]; /* "ssh-ed25519 AAAA…", owned; NULL if absent */
};

bool phone_home_parse(const char *body, size_t length, struct phone_home *form,
                      struct error *error);
void phone_home_done(struct phone_home *form);
