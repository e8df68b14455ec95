/* A key pair of a cloud's own, made by ssh-keygen without a pass phrase, for whoever has none. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

/* The file of the private key, which is a secret, and the line of the public one; both empty
 * before.
 */
bool new_key_make(struct buffer *private_key, struct buffer *public_key, struct error *error);
