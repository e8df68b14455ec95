/* Hashes a password with SHA-512 crypt ($6$) through libxcrypt: the form that every Linux image
 * accepts in cloud-init's hashed_passwd (cc_users_groups). */
#pragma once

#include "base/error.h"

#define PASSWORD_LIMIT_BYTES 256u

/* Caller frees. Fails for a password that is empty, too long or holds a control byte. */
char *password_hash(const char *password, struct error *error);
