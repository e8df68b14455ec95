/* The digests of an OVA's manifest, and the sums they are compared with. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "home/moving/ovf_digest.h"
#include "scratch.h"
#include "test.h"

TEST(digests_by_a_manifest) {
    static const char manifest[] =
        "SHA1(a)= A9993E364706816ABA3E25717850C26C9CD0D89D\r\n"
        "SHA256 (b) = ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
        "SHA512(c)=ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f\n"
        "MD5(d)= 900150983cd24fb0d6963f7d28e17f72\n"
        "SHA1(e)= a9993e364706816aba3e25717850c26c9cd0d89\n"
        "SHA1(f)= a9993e364706816aba3e25717850c26c9cd0d89d00\n"
        "x SHA1(g)= a9993e364706816aba3e25717850c26c9cd0d89d";
    scoped(alloc_release) char *path = scratch_path("abc");
    scratch_write(path, "-abc-", 5, 0600);
    int fd = open(path, O_RDONLY);
    for (const char *file = "abcdefgh"; *file; file++) {
        char name[2] = {*file, 0};
        struct ovf_digest digest;
        struct error error = {0};
        bool known = ovf_digest_find(manifest, name, &digest);
        CHECK_INT(known, *file <= 'c' || *file == 'h');
        CHECK_INT(known && digest.kind != OVF_DIGEST_NONE, *file <= 'c');
        if (*file > 'c')
            continue;
        CHECK(ovf_digest_check(&(struct ovf_digest_part){fd, 1, 3, name}, &digest, &error));
        CHECK(!ovf_digest_check(&(struct ovf_digest_part){fd, 0, 3, name}, &digest, &error));
        CHECK_CONTAINS(error.text, " is damaged: its SHA");
        error_clear(&error);
        CHECK(!ovf_digest_check(&(struct ovf_digest_part){fd, 1, 30, name}, &digest, &error));
    }
    close(fd);
}

/* RFC 3174: the padding is of one block, of two, and the length needs more than one byte. */
TEST(sha1_of_every_length) {
    static const struct {
        size_t count;
        const char *digest;
    } rows[] = {{0, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
                {55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"},
                {56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"},
                {64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"},
                {1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"}};
    scoped(alloc_release) char *text = alloc_zero(1000000);
    memset(text, 'a', 1000000);
    scoped(alloc_release) char *path = scratch_path("many");
    scratch_write(path, text, 1000000, 0600);
    int fd = open(path, O_RDONLY);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ovf_digest digest = {.kind = OVF_DIGEST_SHA1};
        struct error error = {0};
        snprintf(digest.text, sizeof digest.text, "%s", rows[i].digest);
        CHECK(ovf_digest_check(&(struct ovf_digest_part){fd, 0, rows[i].count, "it"}, &digest,
                               &error));
    }
    close(fd);
}

int main(void) {
    return test_run();
}
