/* Intel's SHA extensions: four rounds of each of the two halves of the state at once. */
#include "base/sha256_hardware.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <stdbool.h>

#define HARDWARE __attribute__((target("sha,sse4.1")))

HARDWARE static __m128i next_words(const __m128i words[4], size_t oldest) {
    __m128i newest = words[(oldest + 3) % 4];
    __m128i sum = _mm_sha256msg1_epu32(words[oldest], words[(oldest + 1) % 4]);
    sum = _mm_add_epi32(sum, _mm_alignr_epi8(newest, words[(oldest + 2) % 4], 4));
    return _mm_sha256msg2_epu32(sum, newest);
}

HARDWARE static void mix_block(__m128i *abef, __m128i *cdgh, const unsigned char *block) {
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i words[4], before[2] = {*abef, *cdgh};
    for (size_t i = 0; i < 4; i++)
        words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(block + 16 * i)), order);
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++) {
        const __m128i *constants = (const __m128i *)(sha256_constants + 4 * i);
        __m128i sum = _mm_add_epi32(words[i % 4], _mm_loadu_si128(constants));
        *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sum);
        *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(sum, 0x0E));
        if (i < 12)
            words[i % 4] = next_words(words, i % 4);
    }
    *abef = _mm_add_epi32(*abef, before[0]);
    *cdgh = _mm_add_epi32(*cdgh, before[1]);
}

HARDWARE static void mix(uint32_t state[8], const unsigned char *blocks, size_t count) {
    __m128i *halves = (__m128i *)state;
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(halves), 0xB1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(halves + 1), 0x1B);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
    __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
    for (size_t i = 0; i < count; i++)
        mix_block(&abef, &cdgh, blocks + i * SHA256_BLOCK_BYTES);
    __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128(halves, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128(halves + 1, _mm_alignr_epi8(dchg, feba, 8));
}

/* CPUID: leaf 1 for SSSE3 and SSE4.1, leaf 7 for SHA. */
static bool has_instructions(void) {
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_SSSE3) || !(ecx & bit_SSE4_1))
        return false;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & 1u << 29);
}

sha256_mixer *sha256_hardware(void) {
    return has_instructions() ? mix : NULL;
}

#endif
