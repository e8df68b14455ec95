#include "home/moving/ovf_digest.h"

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/waiting.h"

#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK_BYTES = 1 << 16, SHA1_BLOCK_BYTES = 64, SHA1_BYTES = 20, DIGEST_BYTES_MAX = 64 };

static const struct {
    const char *word;
    size_t bytes;
} kinds[] = {
    [OVF_DIGEST_NONE] = {"", 0},
    [OVF_DIGEST_SHA1] = {"SHA1", SHA1_BYTES},
    [OVF_DIGEST_SHA256] = {"SHA256", crypto_hash_sha256_BYTES},
    [OVF_DIGEST_SHA512] = {"SHA512", crypto_hash_sha512_BYTES},
};

/* --- SHA-1, which libsodium has not: RFC 3174 --- */

struct sha1 {
    uint32_t state[5];
    unsigned char block[SHA1_BLOCK_BYTES];
    uint64_t bytes;
};

static uint32_t rotate(uint32_t value, unsigned count) {
    return value << count | value >> (32 - count);
}

static void sha1_mix(struct sha1 *sha1) {
    uint32_t w[80], a = sha1->state[0], b = sha1->state[1], c = sha1->state[2], d = sha1->state[3],
                    e = sha1->state[4];
    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)sha1->block[4 * i] << 24 | (uint32_t)sha1->block[4 * i + 1] << 16 |
               (uint32_t)sha1->block[4 * i + 2] << 8 | sha1->block[4 * i + 3];
    for (size_t i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (size_t i = 0; i < 80; i++) {
        uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                     : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                     : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                              : (b ^ c ^ d) + 0xca62c1d6;
        uint32_t next = rotate(a, 5) + f + e + w[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    sha1->state[0] += a, sha1->state[1] += b, sha1->state[2] += c;
    sha1->state[3] += d, sha1->state[4] += e;
}

static void sha1_init(struct sha1 *sha1) {
    *sha1 = (struct sha1){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
}

static void sha1_update(struct sha1 *sha1, const unsigned char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        sha1->block[sha1->bytes++ % SHA1_BLOCK_BYTES] = bytes[i];
        if (sha1->bytes % SHA1_BLOCK_BYTES == 0)
            sha1_mix(sha1);
    }
}

static void sha1_final(struct sha1 *sha1, unsigned char digest[SHA1_BYTES]) {
    static const unsigned char padding[SHA1_BLOCK_BYTES] = {0x80};
    unsigned char length[8];
    uint64_t bits = sha1->bytes * 8;
    size_t used = (size_t)(sha1->bytes % SHA1_BLOCK_BYTES);
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    sha1_update(sha1, padding, used < 56 ? 56 - used : 120 - used);
    sha1_update(sha1, length, sizeof length);
    for (size_t i = 0; i < SHA1_BYTES; i++)
        digest[i] = (unsigned char)(sha1->state[i / 4] >> (24 - 8 * (i % 4)));
}

/* --- of any kind --- */

struct hash {
    enum ovf_digest_kind kind;
    struct sha1 sha1;
    crypto_hash_sha256_state sha256;
    crypto_hash_sha512_state sha512;
};

static void hash_update(struct hash *hash, const unsigned char *bytes, size_t length) {
    switch (hash->kind) {
    case OVF_DIGEST_SHA1: sha1_update(&hash->sha1, bytes, length); break;
    case OVF_DIGEST_SHA256: crypto_hash_sha256_update(&hash->sha256, bytes, length); break;
    case OVF_DIGEST_SHA512: crypto_hash_sha512_update(&hash->sha512, bytes, length); break;
    case OVF_DIGEST_NONE: break;
    }
}

static void hash_final(struct hash *hash, char text[OVF_DIGEST_SIZE]) {
    unsigned char digest[DIGEST_BYTES_MAX] = {0};
    switch (hash->kind) {
    case OVF_DIGEST_SHA1: sha1_final(&hash->sha1, digest); break;
    case OVF_DIGEST_SHA256: crypto_hash_sha256_final(&hash->sha256, digest); break;
    case OVF_DIGEST_SHA512: crypto_hash_sha512_final(&hash->sha512, digest); break;
    case OVF_DIGEST_NONE: break;
    }
    sodium_bin2hex(text, OVF_DIGEST_SIZE, digest, kinds[hash->kind].bytes);
}

static bool feed(const struct ovf_digest_part *part, struct hash *hash) {
    uint64_t offset = part->offset, bytes = part->bytes;
    scoped(alloc_release) unsigned char *chunk = alloc_zero(CHUNK_BYTES);
    while (bytes > 0 && interrupt_check(NULL)) {
        size_t wanted = bytes < CHUNK_BYTES ? (size_t)bytes : CHUNK_BYTES;
        ssize_t got = pread(part->fd, chunk, wanted, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        hash_update(hash, chunk, (size_t)got);
        offset += (uint64_t)got;
        bytes -= (uint64_t)got;
        waiting_tick();
    }
    return true;
}

bool ovf_digest_check(const struct ovf_digest_part *part, const struct ovf_digest *digest,
                      struct error *error) {
    struct hash hash = {.kind = digest->kind};
    char text[OVF_DIGEST_SIZE];
    sha1_init(&hash.sha1);
    crypto_hash_sha256_init(&hash.sha256);
    crypto_hash_sha512_init(&hash.sha512);
    waiting_begin("computing a checksum", "");
    bool good = feed(part, &hash);
    waiting_end();
    if (!interrupt_check(error))
        return false;
    if (!good)
        return error_errno(error, "cannot read %s", part->shown);
    hash_final(&hash, text);
    return strcmp(text, digest->text) == 0 ||
           error_set(error, ERROR_INVALID, "%s is damaged: its %s is not that of the manifest",
                     part->shown, kinds[digest->kind].word);
}

/* --- the manifest --- */

/* "SHA256(disk.vmdk)= 0a1b…", also with spaces. at: a line; moved to what follows the mark. */
static bool skip(const char **at, const char *mark) {
    size_t length = strlen(mark);
    while (**at == ' ' || **at == '\t')
        (*at)++;
    if (strncmp(*at, mark, length) != 0)
        return false;
    *at += length;
    return true;
}

static bool take_hex(const char *at, struct ovf_digest *digest) {
    size_t wanted = 2 * kinds[digest->kind].bytes, count = 0;
    while (*at == ' ' || *at == '\t')
        at++;
    for (; count < wanted && isxdigit((unsigned char)at[count]); count++)
        digest->text[count] = (char)tolower((unsigned char)at[count]);
    digest->text[count] = 0;
    at += count;
    return count == wanted && at[strspn(at, " \t\r")] <= '\n';
}

static enum ovf_digest_kind take_kind(const char **at) {
    for (size_t i = 1; i < sizeof kinds / sizeof *kinds; i++) {
        const char *here = *at;
        if (skip(&here, kinds[i].word) && skip(&here, "(")) {
            *at = here;
            return (enum ovf_digest_kind)i;
        }
    }
    return OVF_DIGEST_NONE;
}

bool ovf_digest_find(const char *manifest, const char *file, struct ovf_digest *digest) {
    scoped(alloc_release) char *named = alloc_printf("(%s)", file);
    for (const char *line = manifest; line && *line;) {
        const char *end = strchr(line, '\n'), *at = line;
        size_t length = end ? (size_t)(end - line) : strlen(line);
        const char *found = memmem(line, length, named, strlen(named));
        *digest = (struct ovf_digest){0};
        if (found) {
            digest->kind = take_kind(&at);
            return digest->kind != OVF_DIGEST_NONE && at == found + 1 && skip(&at, file) &&
                   skip(&at, ")") && skip(&at, "=") && take_hex(at, digest);
        }
        line = end ? end + 1 : NULL;
    }
    *digest = (struct ovf_digest){0};
    return true;
}
