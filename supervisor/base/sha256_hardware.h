/* What a processor has for SHA-256: for sha256.h, which pads and counts. All sha256_ARCH.c
 * are compiled, for each kind of processor in a universal program, and one of them is not empty. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK_BYTES 64

/* Mixes whole blocks into the state. */
typedef void sha256_mixer(uint32_t state[8], const unsigned char *blocks, size_t count);

sha256_mixer *sha256_hardware(void); /* NULL: this processor has none */
extern const uint32_t sha256_constants[64];
