#include "secret.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "base/waiting.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void start(void) {
    if (sodium_init() < 0) /* idempotent; fails only when the system gives no random numbers */
        abort();
}

void secret_random(void *bytes, size_t length) {
    start();
    randombytes_buf(bytes, length);
}

const char *secret_library_version(void) {
    return sodium_version_string();
}

void secret_token(char token[SECRET_TOKEN_SIZE]) {
    unsigned char bytes[(SECRET_TOKEN_SIZE - 1) / 2];
    secret_random(bytes, sizeof bytes);
    sodium_bin2hex(token, SECRET_TOKEN_SIZE, bytes, sizeof bytes);
}

void secret_uuid4(char uuid[37]) {
    unsigned char b[16];
    secret_random(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40); /* RFC 9562: version 4 */
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    snprintf(uuid, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

bool secret_equal(const char *a, const char *b) {
    size_t length = strlen(a);
    return length == strlen(b) && sodium_memcmp(a, b, length) == 0;
}

void secret_wipe(void *memory, size_t length) {
    sodium_memzero(memory, length);
}

void secret_sha256_end(struct sha256 *state, char digest[SECRET_SHA256_SIZE]) {
    unsigned char bytes[SHA256_BYTES];
    sha256_end(state, bytes);
    sodium_bin2hex(digest, SECRET_SHA256_SIZE, bytes, sizeof bytes);
}

void secret_sha256(const void *data, size_t length, char digest[SECRET_SHA256_SIZE]) {
    struct sha256 state;
    sha256_begin(&state);
    sha256_add(&state, data, length);
    secret_sha256_end(&state, digest);
}

enum { CHUNK_BYTES = 1 << 18 };

/* Feeds a file to a hash. What is none may have no end. */
static bool read_file(const char *path,
                      void (*update)(void *state, const void *data, size_t length), void *state,
                      struct error *error) {
    scoped(file_release) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, "cannot read %s", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_INVALID, "%s is not a file: move it away", path);
    size_t size = status.st_size < CHUNK_BYTES ? (size_t)status.st_size + 1 : CHUNK_BYTES;
    scoped(alloc_release) unsigned char *chunk = alloc_zero(size);
    ssize_t got = 0;
    waiting_begin("computing a checksum", "");
    while (interrupt_check(NULL) && (got = read(fd, chunk, size)) > 0) {
        update(state, chunk, (size_t)got);
        waiting_tick();
    }
    waiting_end();
    if (!interrupt_check(error))
        return false;
    return got == 0 || error_errno(error, "cannot read %s", path);
}

static void update_sha256(void *state, const void *data, size_t length) {
    sha256_add(state, data, length);
}

static void update_sha512(void *state, const void *data, size_t length) {
    crypto_hash_sha512_update(state, data, length);
}

bool secret_sha256_file(const char *path, char digest[SECRET_SHA256_SIZE], struct error *error) {
    struct sha256 state;
    sha256_begin(&state);
    if (!read_file(path, update_sha256, &state, error))
        return false;
    secret_sha256_end(&state, digest);
    return true;
}

bool secret_sha512_file(const char *path, char digest[SECRET_SHA512_SIZE], struct error *error) {
    crypto_hash_sha512_state state;
    unsigned char bytes[crypto_hash_sha512_BYTES];
    crypto_hash_sha512_init(&state);
    if (!read_file(path, update_sha512, &state, error))
        return false;
    crypto_hash_sha512_final(&state, bytes);
    sodium_bin2hex(digest, SECRET_SHA512_SIZE, bytes, sizeof bytes);
    return true;
}
