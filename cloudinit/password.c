#include "password.h"

#include "base/alloc.h"
#include "base/secret.h"

#include <crypt.h>
#include <stdbool.h>
#include <string.h>

#define SALT_BYTES 16 /* crypt(5): $6$ takes up to 16 characters of salt */

static bool check_password(const char *password, struct error *error) {
    size_t length = strlen(password);
    if (length == 0)
        return error_set(error, ERROR_INVALID, "the password is empty");
    if (length > PASSWORD_LIMIT_BYTES)
        return error_set(error, ERROR_INVALID, "the password is longer than %u bytes",
                         PASSWORD_LIMIT_BYTES);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)password[i];
        if (c < 0x20 || c == 0x7F)
            return error_set(error, ERROR_INVALID,
                             "the password holds a control character (byte %zu), which nobody can "
                             "type at a login prompt",
                             i + 1);
    }
    return true;
}

char *password_hash(const char *password, struct error *error) {
    if (!check_password(password, error))
        return NULL;
    char random[SALT_BYTES];
    secret_random(random, sizeof random);
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (!crypt_gensalt_rn("$6$", 0, random, sizeof random, setting, sizeof setting)) {
        error_errno(error, "cannot generate a salt for a SHA-512 password hash");
        return NULL;
    }
    /* its 32 kB hold the clear password while crypt works */
    struct crypt_data *data = alloc_zero(sizeof *data);
    char *hash = alloc_string(crypt_rn(password, setting, data, (int)sizeof *data));
    if (!hash)
        error_errno(error, "cannot hash the password with SHA-512");
    secret_wipe(data, sizeof *data);
    alloc_release(&data);
    return hash;
}
