/* The catalogue: what is compiled in is sound, and what a user writes is checked line by line. */
#include "base/alloc.h"
#include "home/images/catalogue.h"
#include "scratch.h"
#include "test.h"

#define FILE_PART                                                                                  \
    "  aarch64:\n    url: https://example.org/a.qcow2\n    checksums: https://example.org/S\n"
#define MINE_PART           "mine:\n  title: Mine\n  seed-source: none\n  format: raw.zst\n"
#define BAD(text, sentence) check_bad(text, sentence)

static void check_bad(const char *text, const char *sentence) {
    struct catalogue catalogue = {0};
    struct error error = {0};
    CHECK(!catalogue_read("images.yaml", text, strlen(text), &catalogue, &error));
    CHECK_INT(error.code, ERROR_INVALID);
    CHECK_STRING(error.text, sentence);
    catalogue_done(&catalogue);
}

TEST(built_in) {
    static const char *const wanted[] = {"ubuntu-jammy",     "ubuntu-noble", "debian-12",
                                         "debian-13",        "fedora-44",    "almalinux-9",
                                         "almalinux-10",     "rocky-9",      "rocky-10",
                                         "opensuse-leap-16", "alpine-3-23",  "freebsd-15"};
    struct catalogue catalogue;
    struct error error = {0};
    CHECK(catalogue_load("/nonexistent/images.yaml", &catalogue, &error));
    CHECK_STRING(error.text, "");
    scoped(alloc_release) char *names = catalogue_names(&catalogue);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const struct catalogue_image *image = catalogue_find(&catalogue, wanted[i]);
        CHECK(image && image->user && image->min_disk_bytes && image->min_ram_mib);
        CHECK_CONTAINS(names, wanted[i]);
        for (int arch = 0; image && arch < CATALOGUE_ARCH_COUNT; arch++) {
            const char *url = image->files[arch].url, *word = strrchr(url, '/');
            CHECK(strncmp(url, "https://", 8) == 0);
            CHECK(strncmp(image->files[arch].checksums, "https://", 8) == 0);
            CHECK(arch == SPEC_AARCH64 ? strstr(word, "arm64") || strstr(word, "aarch64")
                                       : strstr(word, "amd64") || strstr(word, "x86_64"));
        }
    }
    CHECK_STRING(catalogue_find(&catalogue, "debian-12")->seed_source, "nocloud-net");
    CHECK(!catalogue_find(&catalogue, "freebsd-15")->phones_home);
    CHECK_STRING(catalogue_format_word(catalogue_find(&catalogue, "freebsd-15")), "raw.xz");
    CHECK(!catalogue_find(&catalogue, "ubuntu"));
    catalogue_done(&catalogue);
}

TEST(own_file_adds_and_replaces) {
    static const char text[] =
        MINE_PART FILE_PART "debian-12:\n  title: Other\n"
                            "  seed-source: nocloud\n  format: qcow2\n" FILE_PART;
    scoped(alloc_release) char *file = scratch_path("images.yaml");
    struct catalogue before, after;
    struct error error = {0};
    scratch_write(file, text, sizeof text - 1, 0600);
    CHECK(catalogue_load("/nonexistent/images.yaml", &before, &error));
    CHECK(catalogue_load(file, &after, &error));
    CHECK_INT(after.count, before.count + 1);
    CHECK_STRING(catalogue_find(&after, "debian-12")->title, "Other");
    CHECK(!catalogue_find(&after, "debian-12")->files[SPEC_X86_64].url);
    const struct catalogue_image *mine = catalogue_find(&after, "mine");
    CHECK(mine->is_raw && mine->packing == CATALOGUE_ZSTD && mine->phones_home);
    scratch_write(file, "", 0, 0600);
    catalogue_done(&after);
    CHECK(catalogue_load(file, &after, &error)); /* empty: nothing more */
    CHECK_INT(after.count, before.count);
    scratch_write(file, "x: ]", 4, 0600);
    struct catalogue none;
    CHECK(!catalogue_load(file, &none, &error));
    CHECK_CONTAINS(error.text, "images.yaml:1: ");
    catalogue_done(&before);
    catalogue_done(&after);
}

TEST(refused) {
    char deep[2000] = "mine: ";
    memset(deep + 6, '[', sizeof deep - 7);
    BAD(MINE_PART
        "  aarch64:\n    url: https://example.org/a-*.qcow2\n    checksums: https://x.org/S\n",
        "images.yaml:6: an address with \"*\" needs a \"listing\"");
    BAD(MINE_PART "  aarch64:\n    url: https://x.org/a\n    listing: https://x.org/\n"
                  "    checksums: https://x.org/S\n",
        "images.yaml:6: \"listing\" is for an address with \"*\"");
    BAD(MINE_PART "  aarch64:\n    url: https://*.org/a\n    listing: https://x.org/\n"
                  "    checksums: https://x.org/S\n",
        "images.yaml:6: \"*\" may not be in the name of the server");
    BAD(deep, "images.yaml: line 1, column 134: more than 128 lists and mappings in one another");
    BAD("- a\n", "images.yaml:1: expected \"NAME:\" of an image");
    BAD("mine: yes\n", "images.yaml:1: expected \"key: value\" lines");
    BAD(MINE_PART, "images.yaml:2: \"aarch64\" or \"x86_64\" is missing");
    BAD(MINE_PART "  color: red\n", "images.yaml:5: \"color\" is not a known key");
    BAD(MINE_PART "  title: x\n", "images.yaml:5: \"title\" occurs twice");
    BAD(MINE_PART "  phones-home: maybe\n",
        "images.yaml:5: phones-home \"maybe\" cannot be used: use yes or no");
    BAD(MINE_PART "  min-disk: big\n",
        "images.yaml:5: min-disk \"big\" cannot be used: use a size such as 4G");
    BAD(MINE_PART "  min-ram: 1\n",
        "images.yaml:5: min-ram \"1\" cannot be used: use a size such as 512M");
    BAD(MINE_PART "  digest: md5\n",
        "images.yaml:5: digest \"md5\" cannot be used: use sha256 or sha512");
    BAD(MINE_PART "  checksum-form: x\n",
        "images.yaml:5: checksum-form \"x\" cannot be used: use gnu, bsd or bare");
    BAD(MINE_PART "  user: [a]\n", "images.yaml:5: \"user\" must have one short value");
    BAD(MINE_PART "  aarch64:\n    url: ftp://x/y\n",
        "images.yaml:6: url \"ftp://x/y\" cannot be used: it must begin with https:// or http://");
    BAD(MINE_PART "  aarch64:\n    url: http://x/y\n",
        "images.yaml:6: give either \"checksums\" or \"sha256\"");
    BAD(MINE_PART "  aarch64:\n    url: http://x/y\n    sha256: abc\n",
        "images.yaml:7: sha256 \"abc\" cannot be used: use 64 hexadecimal digits");
    BAD("mine:\n  title: x\n  seed-source: ec2\n",
        "images.yaml:3: seed-source \"ec2\" cannot be used: use nocloud, nocloud-net, none or "
        "nuageinit");
    BAD("mine:\n  title: x\n", "images.yaml:2: \"seed-source\" is missing");
    BAD("mine:\n  format: vmdk\n",
        "images.yaml:2: format \"vmdk\" cannot be used: use qcow2, raw, qcow2.xz, raw.xz, qcow2.zst "
        "or raw.zst");
}

int main(void) {
    return test_run();
}
