#include "test.h"

#include "base/alloc.h"
#include "cloudinit/password.h"

#include <crypt.h>

static bool hash_matches(const char *hash, const char *password) {
    scoped(alloc_release) struct crypt_data *data = alloc_zero(sizeof *data);
    const char *again = crypt_rn(password, hash, data, (int)sizeof *data);
    return again && strcmp(again, hash) == 0;
}

TEST(hash_is_sha512_and_matches_the_password_alone) {
    static const char *const passwords[] = {"verysecret", "a",           "$6$x$",
                                            "two words",  "p\xC3\xA4ss", "\"'\\:#{}"};
    for (size_t i = 0; i < sizeof passwords / sizeof passwords[0]; i++) {
        scoped(alloc_release) char *hash = password_hash(passwords[i], NULL);
        CHECK(hash && strncmp(hash, "$6$", 3) == 0);
        CHECK(hash && hash_matches(hash, passwords[i]));
        CHECK(hash && !hash_matches(hash, "verysecreT"));
    }
}

TEST(hash_is_salted) {
    scoped(alloc_release) char *one = password_hash("verysecret", NULL);
    scoped(alloc_release) char *two = password_hash("verysecret", NULL);
    CHECK(strcmp(one, two) != 0);
    CHECK_INT(strlen(one), strlen("$6$") + 16 + strlen("$") + 86);
}

TEST(every_byte_counts_up_to_the_limit) {
    char long_password[PASSWORD_LIMIT_BYTES + 2];
    memset(long_password, 'x', sizeof long_password);
    long_password[PASSWORD_LIMIT_BYTES] = 0;
    scoped(alloc_release) char *hash = password_hash(long_password, NULL);
    CHECK(hash && hash_matches(hash, long_password));
    long_password[PASSWORD_LIMIT_BYTES - 1] = 'y';
    CHECK(hash && !hash_matches(hash, long_password));
    long_password[PASSWORD_LIMIT_BYTES] = 'x';
    long_password[PASSWORD_LIMIT_BYTES + 1] = 0;
    struct error error = {0};
    CHECK(!password_hash(long_password, &error));
    CHECK_CONTAINS(error.text, "longer than 256 bytes");
}

TEST(refused) {
    static const struct {
        const char *password, *part;
    } rows[] = {
        {"", "empty"},
        {"secret\n", "control character (byte 7)"},
        {"\tsecret", "control character (byte 1)"},
        {"sec\x7Fret", "control character (byte 4)"},
        {"sec\x1B[2Jret", "control character"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error = {0};
        CHECK(!password_hash(rows[i].password, &error));
        CHECK_INT(error.code, ERROR_INVALID);
        CHECK_CONTAINS(error.text, rows[i].part);
        CHECK(!strstr(error.text, "ret"));
    }
}

int main(void) {
    return test_run();
}
