#include "home/images/checksum.h"
#include "test.h"

#include <string.h>

#define A32 "0123456789abcdef0123456789ABCDEF"
#define A64 A32 A32
#define B64 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define LOW "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define URL "https://example.org/debian-12.qcow2"
static const struct checksum gnu = {.file_url = URL};
static const struct checksum bsd = {.file_url = URL};
static const struct checksum bare = {.file_url = URL};
static const struct checksum long_one = {.digest = CATALOGUE_SHA512, .file_url = URL};

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

#define A128 A64 A64
#define B128 B64 B64

/* What each text says of the file at the address. Gentoo's DIGESTS, Debian's Release and openssl's
 * lines are formats that mirrors serve; folders that are not those of the address are reported in
 * adoptium/temurin11-binaries#6, absolute ones in ublue-os/bazzite#3793. All others were found
 * here. */
static const struct {
    const char *why;
    enum catalogue_digest digest;
    const char *url, *text, *hex; /* hex NULL: refused, and then says is in the sentence */
    const char *says;
} kinds[] = {
    {"Gentoo DIGESTS: the heading decides between two algorithms of one length", CATALOGUE_SHA512,
     "https://example.org/a/stage3.qcow2",
     "# BLAKE2B HASH\n" B128 "  stage3.qcow2\n# SHA512 HASH\n" A128 "  stage3.qcow2\n", LOW LOW,
     ""},
    {"the other order", CATALOGUE_SHA512, "https://example.org/a/stage3.qcow2",
     "# SHA512 HASH\n" A128 "  stage3.qcow2\n# BLAKE2B HASH\n" B128 "  stage3.qcow2\n", LOW LOW,
     ""},
    {"no heading of ours", CATALOGUE_SHA512, "https://example.org/a/stage3.qcow2",
     "# BLAKE2B HASH\n" B128 "  stage3.qcow2\n", NULL,
     "it contains no SHA512 checksum of stage3.qcow2"},
    {"a heading with a colon", CATALOGUE_SHA256, "https://example.org/x.img",
     "SHA3-256:\n" B64 "  x.img\nSHA256:\n" A64 "  x.img\n", LOW, ""},
    {"a comment is no heading", CATALOGUE_SHA256, "https://example.org/x.img",
     "# SHA256 of what was built today\n" A64 "  x.img\n" B64 "  y.img\n", LOW, ""},
    {"the folder that fits the address", CATALOGUE_SHA256,
     "https://example.org/12/arm64/disk.qcow2",
     B64 "  amd64/disk.qcow2\n" A64 "  arm64/disk.qcow2\n", LOW, ""},
    {"the other order", CATALOGUE_SHA256, "https://example.org/12/arm64/disk.qcow2",
     A64 "  ./arm64/disk.qcow2\n" B64 "  ./amd64/disk.qcow2\n", LOW, ""},
    {"a whole path before part of one", CATALOGUE_SHA256, "https://example.org/12/arm64/disk.qcow2",
     B64 "  old/arm64/disk.qcow2\n" A64 "  12/arm64/disk.qcow2\n", LOW, ""},
    {"a name alone before one in a folder that does not fit", CATALOGUE_SHA256,
     "https://example.org/disk.qcow2", B64 "  old/disk.qcow2\n" A64 "  disk.qcow2\n", LOW, ""},
    {"two folders, none of which fits", CATALOGUE_SHA256, "https://example.org/disk.qcow2",
     A64 "  amd64/disk.qcow2\n" B64 "  arm64/disk.qcow2\n", NULL, "it contains several SHA256"},
    {"twice the same", CATALOGUE_SHA256, "https://example.org/disk.qcow2",
     A64 "  disk.qcow2\n" A64 "  disk.qcow2\n", LOW, ""},
    {"one name is the end of another", CATALOGUE_SHA256, "https://example.org/disk.qcow2",
     B64 "  big-disk.qcow2\n" A64 "  disk.qcow2\n", LOW, ""},
    {"a percent escape", CATALOGUE_SHA256, "https://example.org/img%2Barm.qcow2",
     B64 "  img.qcow2\n" A64 "  img+arm.qcow2\n", LOW, ""},
    {"a query and a fragment", CATALOGUE_SHA256, "https://example.org/img.qcow2?download=1/x#y",
     B64 "  other.qcow2\n" A64 "  img.qcow2\n", LOW, ""},
    {"tabs", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     B64 "\tother.qcow2\n" A64 "\timg.qcow2\n", LOW, ""},
    {"openssl 1", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     "SHA256(other.qcow2)= " B64 "\nSHA256(img.qcow2)= " A64 "\n", LOW, ""},
    {"openssl 3", CATALOGUE_SHA512, "https://example.org/img.qcow2",
     "SHA2-512(img.qcow2)= " A128 "\nSHA2-512(b)= " B128 "\n", LOW LOW, ""},
    {"a name with brackets", CATALOGUE_SHA256, "https://example.org/img(1).qcow2",
     "SHA256 (other) = " B64 "\nSHA256 (img(1).qcow2) = " A64 "\n", LOW, ""},
    {"CRLF and no last newline", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     B64 " *a\r\n" A64 " *img.qcow2", LOW, ""},
    {"a byte order mark", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     "\xef\xbb\xbf" A64 "  img.qcow2\n" B64 "  b\n", LOW, ""},
    {"blanks around", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     "  " B64 "  b  \n  " A64 "  img.qcow2 \t\n", LOW, ""},
    {"Debian's Release: size and name", CATALOGUE_SHA256, "https://example.org/a/img.qcow2",
     "MD5Sum:\n 0123456789abcdef0123456789abcdef 77 a/img.qcow2\nSHA256:\n " B64 " 99 a/b\n " A64
     " 77 a/img.qcow2\n",
     LOW, ""},
    {"name, then size", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     B64 "  b  12\n" A64 "  img.qcow2  77\n", LOW, ""},
    {"OCI's prefix", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     "sha256:" B64 "  b\nsha256:" A64 "  img.qcow2\n", LOW, ""},
    {"gpg --print-md's order, in one word", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     "b: SHA256 = " B64 "\nimg.qcow2: SHA256 = " A64 "\n", LOW, ""},
    {"the name first", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     "b " B64 "\nimg.qcow2 " A64 "\n", LOW, ""},
    {"comma separated", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     "name,sha256\nb," B64 "\nimg.qcow2," A64 "\n", LOW, ""},
    {"a table of Markdown", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     "| b | `" B64 "` |\n| img.qcow2 | `" A64 "` |\n", LOW, ""},
    {"another algorithm of the same length, behind the name", CATALOGUE_SHA256,
     "https://example.org/img.qcow2", "img.qcow2: SHA3-256 = " B64 "\n", NULL, "contains no"},
    {"BSD lines of another algorithm", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     "BLAKE2s (img.qcow2) = " B64 "\nSHA256 (img.qcow2) = " A64 "\n", LOW, ""},
    {"BSD lines with tabs", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     "SHA256\t(b) =\t" B64 "\nSHA256\t(img.qcow2) =\t" A64 "\n", LOW, ""},
    {"a comment behind the name", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     B64 "  b # old\n" A64 "  img.qcow2 # new\n", LOW, ""},
    {"a name with a blank before a word of one", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     B64 "  old img.qcow2\n" A64 "  img.qcow2\n", LOW, ""},
    {"a name with a blank", CATALOGUE_SHA256, "https://example.org/my%20img.qcow2",
     B64 "  img.qcow2\n" A64 "  my img.qcow2\n", LOW, ""},
    {"a path of Windows", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     B64 " *out\\b\n" A64 " *out\\img.qcow2\n", LOW, ""},
    {"an absolute path", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     B64 "  /srv/out/b\n" A64 "  /srv/out/img.qcow2\n", LOW, ""},
    {"names listed as in the address", CATALOGUE_SHA256, "https://example.org/img%2Barm.qcow2",
     B64 "  b\n" A64 "  img%2Barm.qcow2\n", LOW, ""},
    {"the name in the query", CATALOGUE_SHA256, "https://example.org/get?file=/img.qcow2",
     B64 "  b\n" A64 "  img.qcow2\n", LOW, ""},
    {"encoded twice", CATALOGUE_SHA256, "https://example.org/img%252B.qcow2",
     B64 "  img+.qcow2\n" A64 "  img%2B.qcow2\n", LOW, ""},
    {"another case", CATALOGUE_SHA256, "https://example.org/img.qcow2",
     A64 "  IMG.qcow2\n" B64 "  b\n", NULL, "contains no"},
    {"a heading between signs", CATALOGUE_SHA512, "https://example.org/x.img",
     "## BLAKE2b ##\n" B128 "  x.img\n## SHA512 ##\n" A128 "  x.img\n", LOW LOW, ""},
    {"a heading in bold", CATALOGUE_SHA512, "https://example.org/x.img",
     "**SHA3-512**\n" B128 "  x.img\n**SHA-512**\n" A128 "  x.img\n", LOW LOW, ""},
    {"a heading that is a program", CATALOGUE_SHA512, "https://example.org/x.img",
     "# b2sum\n" B128 "  x.img\n# sha512sum\n" A128 "  x.img\n", LOW LOW, ""},
    {"a heading in the singular", CATALOGUE_SHA256, "https://example.org/x.img",
     "SM3 checksum:\n" B64 "  x.img\nSHA256 checksum:\n" A64 "  x.img\n", LOW, ""},
    {"a web page with a digest in it", CATALOGUE_SHA256, "https://example.org/x.img",
     "<html><script src=\"/app." A64 ".js\"></script>Sign in</html>\n", NULL, "contains no"},
    {"a digest within another one", CATALOGUE_SHA256, "https://example.org/x.img", A128 "  x.img\n",
     NULL, "contains no"},
};

TEST(kinds_of_checksum_files) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char hex[CHECKSUM_HEX_SIZE];
        struct error error = {0};
        const struct checksum checksum = {.digest = kinds[i].digest, .file_url = kinds[i].url};
        bool found = checksum_find(&checksum, kinds[i].text, strlen(kinds[i].text), hex, &error);
        if (found != (kinds[i].hex != NULL))
            fprintf(stderr, "%s: %s\n", kinds[i].why, error.text);
        CHECK_STRING(found ? hex : NULL, kinds[i].hex);
        if (!found)
            CHECK_CONTAINS(error.text, kinds[i].says);
    }
}

int main(void) {
    return test_run();
}
