#include "base/sha256.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof((struct sha256 *)0)->soft,
               "libsodium's state has room");

static crypto_hash_sha256_state *soft_of(struct sha256 *sha256) {
    return (crypto_hash_sha256_state *)(void *)sha256->soft;
}

void sha256_begin_soft(struct sha256 *sha256) {
    sha256->mix = NULL;
    sha256->bytes = 0;
    crypto_hash_sha256_init(soft_of(sha256));
}

static sha256_mixer *hardware;

static void find_hardware(void) {
    hardware = sha256_hardware();
}

/* A processor is asked once: in a virtual machine its hypervisor answers, which takes longer than
 * to hash some kilobytes. */
void sha256_begin(struct sha256 *sha256) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    sha256_begin_soft(sha256);
    pthread_once(&once, find_hardware);
    sha256->mix = hardware;
    memcpy(sha256->state, start, sizeof start);
}

void sha256_add(struct sha256 *sha256, const void *data, size_t length) {
    const unsigned char *bytes = data;
    if (!sha256->mix) {
        crypto_hash_sha256_update(soft_of(sha256), bytes, length);
        return;
    }
    size_t used = (size_t)(sha256->bytes % SHA256_BLOCK_BYTES);
    size_t first = length < SHA256_BLOCK_BYTES - used ? length : SHA256_BLOCK_BYTES - used;
    sha256->bytes += length;
    if (used) {
        memcpy(sha256->block + used, bytes, first);
        if (used + first < SHA256_BLOCK_BYTES)
            return;
        sha256->mix(sha256->state, sha256->block, 1);
        bytes += first;
        length -= first;
    }
    size_t count = length / SHA256_BLOCK_BYTES;
    if (count)
        sha256->mix(sha256->state, bytes, count);
    if (length % SHA256_BLOCK_BYTES)
        memcpy(sha256->block, bytes + count * SHA256_BLOCK_BYTES, length % SHA256_BLOCK_BYTES);
}

static void put_big_endian(unsigned char *to, uint64_t number, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        to[i] = (unsigned char)(number >> 8 * (bytes - 1 - i));
}

void sha256_end(struct sha256 *sha256, unsigned char digest[SHA256_BYTES]) {
    static const unsigned char padding[SHA256_BLOCK_BYTES] = {0x80};
    unsigned char bits[8];
    if (!sha256->mix) {
        crypto_hash_sha256_final(soft_of(sha256), digest);
        return;
    }
    put_big_endian(bits, sha256->bytes * 8, sizeof bits);
    size_t used = (size_t)(sha256->bytes % SHA256_BLOCK_BYTES);
    sha256_add(sha256, padding, used < 56 ? 56 - used : 120 - used);
    sha256_add(sha256, bits, sizeof bits);
    for (size_t i = 0; i < 8; i++)
        put_big_endian(digest + 4 * i, sha256->state[i], 4);
}
