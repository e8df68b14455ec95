/* SHA-512 crypt ($6$) of a password, through libxcrypt: the form that every Linux image takes in
 * cloud-init's hashed_passwd (cc_users_groups). */
#pragma once

#include "base/error.h"

#define PASSWORD_LIMIT_BYTES 256u

/* Caller frees. A password that is empty, too long or holds a control byte is refused. */
char *password_hash(const char *password, struct error *error);
