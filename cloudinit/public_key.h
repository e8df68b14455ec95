/* OpenSSH public key lines: "type base64 [comment]" (RFC 4253 6.6, RFC 5656, RFC 8709, sk types of
 * OpenSSH's PROTOCOL.u2f). Strict: the type is on a list, the blob is canonical base64 whose inner
 * type says the same, nothing else on the line but a comment. Pure. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define PUBLIC_KEY_LIMIT_BYTES 16384u

/* Gives "type base64", caller frees; NULL with a sentence otherwise. A private key is named as
 * such, so that nobody sends one to a guest by mistake. host_key: sk types are refused. */
char *public_key_parse(const char *text, size_t length, bool host_key, struct error *error);
