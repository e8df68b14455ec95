/* Parses OpenSSH public key lines: "type base64 [comment]" (RFC 4253 6.6, RFC 5656, RFC 8709, sk
 * types of OpenSSH's PROTOCOL.u2f). Strict: the type is a known one, the blob is canonical base64
 * with the same inner type, and only a comment follows. Pure. */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define PUBLIC_KEY_LIMIT_BYTES 16384u

enum public_key_owner {
    PUBLIC_KEY_OF_USER,
    PUBLIC_KEY_OF_HOST, /* sk types are refused: no host has a security key */
};

/* Returns "type base64", caller frees; NULL on error. The error names a private key as such, so
 * that nobody sends one to a guest by mistake. */
char *public_key_parse(const char *text, size_t length, enum public_key_owner owner,
                       struct error *error);
