/* Random tokens, digests and comparison of secrets, through libsodium. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_TOKEN_SIZE  33 /* 128 random bits in lower-case hex, and NUL */
#define SECRET_SHA256_SIZE 65 /* lower-case hex and NUL */
#define SECRET_SHA512_SIZE 129

const char *secret_library_version(void); /* static */
void secret_token(char token[SECRET_TOKEN_SIZE]);
void secret_random(void *bytes, size_t length);
void secret_uuid4(char uuid[37]);
bool secret_equal(const char *a, const char *b); /* time depends on the lengths only */
void secret_wipe(void *memory, size_t length);

struct sha256;
void secret_sha256_end(struct sha256 *state, char digest[SECRET_SHA256_SIZE]);
void secret_sha256(const void *data, size_t length, char digest[SECRET_SHA256_SIZE]);
bool secret_sha256_file(const char *path, char digest[SECRET_SHA256_SIZE], struct error *error);
bool secret_sha512_file(const char *path, char digest[SECRET_SHA512_SIZE], struct error *error);
