/* SHA-256 of what comes in pieces, by the instructions of this processor where it has them (x86's
 * SHA extensions, ARMv8's), else through libsodium, which takes five times as long. Cannot fail. */
#pragma once

#include "base/sha256_hardware.h"

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

struct sha256 { /* private */
    sha256_mixer *mix;
    uint32_t state[8];
    unsigned char block[SHA256_BLOCK_BYTES];
    uint64_t bytes;
    _Alignas(8) unsigned char soft[104]; /* of libsodium, without mix */
};

void sha256_begin(struct sha256 *sha256);
void sha256_begin_soft(struct sha256 *sha256); /* through libsodium in any case */
void sha256_add(struct sha256 *sha256, const void *data, size_t length);
void sha256_end(struct sha256 *sha256, unsigned char digest[SHA256_BYTES]);
