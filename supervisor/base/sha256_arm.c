/* The SHA-2 instructions of ARMv8's cryptographic extension: four rounds at once. */
#include "base/platform.h"
#include "base/sha256_hardware.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define HARDWARE     __attribute__((target("+sha2")))
#define HWCAP_SHA256 (1ul << 6) /* Linux's HWCAP_SHA2 */

HARDWARE static void mix(uint32_t state[8], const unsigned char *blocks, size_t count) {
    uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4), words[4];
    for (; count; count--, blocks += SHA256_BLOCK_BYTES) {
        uint32x4_t before[2] = {abcd, efgh};
        for (size_t i = 0; i < 4; i++)
            words[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks + 16 * i)));
#pragma GCC unroll 16
        for (size_t i = 0; i < 16; i++) {
            uint32x4_t last = abcd;
            uint32x4_t sum = vaddq_u32(words[i % 4], vld1q_u32(sha256_constants + 4 * i));
            abcd = vsha256hq_u32(abcd, efgh, sum);
            efgh = vsha256h2q_u32(efgh, last, sum);
            if (i < 12)
                words[i % 4] = vsha256su1q_u32(vsha256su0q_u32(words[i % 4], words[(i + 1) % 4]),
                                               words[(i + 2) % 4], words[(i + 3) % 4]);
        }
        abcd = vaddq_u32(abcd, before[0]);
        efgh = vaddq_u32(efgh, before[1]);
    }
    vst1q_u32(state, abcd);
    vst1q_u32(state + 4, efgh);
}

sha256_mixer *sha256_hardware(void) {
    return platform_hardware_bits() & HWCAP_SHA256 ? mix : NULL;
}

#endif
