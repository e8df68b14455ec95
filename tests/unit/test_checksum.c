#include "home/images/checksum.h"
#include "test.h"

#include <string.h>

#define A32 "0123456789abcdef0123456789ABCDEF"
#define A64 A32 A32
#define B64 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define LOW "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct checksum gnu = {.form = CATALOGUE_GNU, .name = "debian-12.qcow2"};
static const struct checksum bsd = {.form = CATALOGUE_BSD, .name = "debian-12.qcow2"};
static const struct checksum bare = {.form = CATALOGUE_BARE, .name = "debian-12.qcow2"};
static const struct checksum long_one = {
    .digest = CATALOGUE_SHA512, .form = CATALOGUE_GNU, .name = "debian-12.qcow2"};

static const char *find(const struct checksum *checksum, const char *text) {
    static char hex[CHECKSUM_HEX_SIZE];
    struct error error = {0};
    if (checksum_find(checksum, text, strlen(text), hex, &error))
        return hex;
    CHECK_INT(error.code, ERROR_FAILED);
    CHECK_CONTAINS(error.text, "of debian-12.qcow2");
    return NULL;
}

TEST(lines_of_sha256sum) {
    CHECK_STRING(find(&gnu, B64 "  other.qcow2\n" A64 "  debian-12.qcow2\n"), LOW);
    CHECK_STRING(find(&gnu, A64 " *debian-12.qcow2\r\n" B64 " *other\n"), LOW);
    CHECK_STRING(find(&gnu, B64 "  debian-12.qcow2.xz\n" A64 "  ./debian-12.qcow2"), LOW);
}

TEST(lines_of_bsd) {
    CHECK_STRING(find(&bsd, "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
                            "# debian-12.qcow2: 5 bytes\nSHA256 (other) = " B64 "\n"
                            "SHA256 (debian-12.qcow2) = " A64 "\n"),
                 LOW);
    CHECK_STRING(find(&bsd, "SHA512 (debian-12.qcow2) = " A64 "\n"), NULL);
}

TEST(a_digest_alone) {
    CHECK_STRING(find(&bare, A64), LOW);
    CHECK_STRING(find(&bare, A64 "\n"), LOW);
}

TEST(a_single_digest_is_of_the_file_beside_it) {
    CHECK_STRING(find(&gnu, A64 "  debian-12-build-5.qcow2\n"), LOW);
    CHECK_STRING(find(&gnu, A64 "  one\n" B64 "  two\n"), NULL);
}

TEST(what_is_no_digest) {
    CHECK_STRING(find(&gnu, ""), NULL);
    CHECK_STRING(find(&gnu, "<html>Sign in</html>\n"), NULL);
    CHECK_STRING(find(&gnu, A64 "0  debian-12.qcow2\n"), NULL);
    CHECK_STRING(find(&gnu, A32 "  debian-12.qcow2\n"), NULL);
    CHECK_STRING(find(&long_one, A64 "  debian-12.qcow2\n"), NULL);
    CHECK_STRING(find(&long_one, A64 A64 "  debian-12.qcow2\n"), LOW LOW);
}

int main(void) {
    return test_run();
}
