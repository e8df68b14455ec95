/* Headers of qcow2 files: what they refer to, and what must not come into a home. */
#include "host/qcow2_copy.h"
#include "host/qcow2_file.h"
#include "scratch.h"
#include "test.h"

#define FILE_BYTES 4096

/* Each begins as a plain version 3 header without extensions; then the bytes are laid over it. */
struct patch {
    size_t at;
    const char *bytes;
    size_t length;
};
static const struct {
    const char *name;
    struct patch patches[4];
    const char *says; /* NULL: accepted without a folder of images */
} headers[] = {
    {"plain", {{0}}, NULL},
    {"version 2", {{4, "\0\0\0\2", 4}, {72, "\0\0\0\0\0\0\0\0", 8}}, NULL},
    {"compression and extended L2", {{72, "\0\0\0\0\0\0\0\x18", 8}}, NULL},
    {"a feature name table",
     {{104, "\x68\x03\xf8\x57\0\0\0\x30", 8}, {160, "\0\0\0\0\0\0\0\0", 8}},
     NULL},
    {"not qcow2", {{0, "QFI\xfa", 4}}, "is not a qcow2 disk image"},
    {"version 1", {{4, "\0\0\0\1", 4}}, "old qcow format"},
    {"version 4", {{4, "\0\0\0\4", 4}}, "version"},
    {"tiny clusters", {{20, "\0\0\0\x08", 4}}, "clusters"},
    {"huge clusters", {{20, "\0\0\0\x16", 4}}, "clusters"},
    {"a short header", {{100, "\0\0\0\x60", 4}}, "impossible length"},
    {"a header longer than the file", {{100, "\x7f\0\0\0", 4}}, "impossible length"},
    {"wide reference counts", {{96, "\0\0\0\x07", 4}}, "reference counts"},
    {"AES", {{32, "\0\0\0\1", 4}}, "is encrypted"},
    {"LUKS", {{32, "\0\0\0\2", 4}}, "is encrypted"},
    {"the LUKS extension alone", {{104, "\x05\x37\xbe\x77\0\0\0\x10", 8}}, "is encrypted"},
    {"the data file bit", {{72, "\0\0\0\0\0\0\0\4", 8}}, "an external data file"},
    {"a data file's name alone", {{104, "DATA\0\0\0\x0b/etc/shadow", 19}}, "an external data file"},
    {"an unknown feature", {{72, "\0\0\0\0\0\0\0\x20", 8}}, "not known"},
    {"an extension longer than the file", {{104, "abcd\x7f\0\0\0", 8}}, "extensions"},
    {"an extension over the backing file's name",
     {{8, "\0\0\0\0\0\0\0\x80", 8},
      {16, "\0\0\0\4", 4},
      {104, "abcd\0\0\0\x20", 8},
      {128, "base", 4}},
     "extensions"},
    {"a long format", {{104, "\xe2\x79\x2a\xca\0\0\0\x20", 8}}, "extensions"},
    {"a backing file",
     {{8, "\0\0\0\0\0\0\0\x80", 8}, {16, "\0\0\0\4", 4}, {128, "base", 4}},
     "depends on a backing file"},
    {"a backing file in the header",
     {{8, "\0\0\0\0\0\0\0\x08", 8}, {16, "\0\0\0\4", 4}},
     "backing file cannot be read"},
    {"a backing file behind the cluster",
     {{8, "\0\0\0\0\0\1\0\1", 8}, {16, "\0\0\0\4", 4}},
     "backing file cannot be read"},
    {"a backing file at an offset that wraps",
     {{8, "\xff\xff\xff\xff\xff\xff\xff\xff", 8}, {16, "\0\0\0\4", 4}},
     "backing file cannot be read"},
    {"a backing file with NUL in its name",
     {{8, "\0\0\0\0\0\0\0\x80", 8}, {16, "\0\0\0\4", 4}, {128, "a\0b", 4}},
     "backing file cannot be read"},
    {"a backing file without a name",
     {{8, "\0\0\0\0\0\0\0\x80", 8}},
     "backing file cannot be read"},
    {"a backing file with a long name",
     {{8, "\0\0\0\0\0\0\0\x80", 8}, {16, "\0\0\4\0", 4}},
     "backing file cannot be read"},
};

static void lay_plain(unsigned char *bytes) {
    memset(bytes, 0, FILE_BYTES);
    memcpy(bytes, "QFI\xfb\0\0\0\3", 8);
    bytes[23] = 16;   /* cluster bits */
    bytes[28] = 1;    /* 16 MiB */
    bytes[99] = 4;    /* reference counts of 16 bits */
    bytes[103] = 104; /* header length */
}

TEST(table_of_headers) {
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        unsigned char bytes[FILE_BYTES];
        scoped(alloc_release) char *path = scratch_path("table.qcow2");
        struct error error = {0};
        lay_plain(bytes);
        for (size_t j = 0; j < 4; j++)
            if (headers[i].patches[j].length)
                memcpy(bytes + headers[i].patches[j].at, headers[i].patches[j].bytes,
                       headers[i].patches[j].length);
        scratch_write(path, bytes, sizeof bytes, 0600);
        bool good = qcow2_file_check(path, "FILE", NULL, &error);
        if (good != (headers[i].says == NULL) ||
            !strstr(error.text, headers[i].says ? headers[i].says : "")) {
            fprintf(stderr, "%s: \"%s\"\n", headers[i].name, error.text);
            CHECK(false);
        }
        CHECK(good || (error.code == ERROR_INVALID && strncmp(error.text, "FILE ", 5) == 0));
    }
}

/* A header that ends too early is refused at every length, and never read past its end. */
TEST(every_length) {
    unsigned char bytes[FILE_BYTES];
    lay_plain(bytes);
    for (size_t length = 0; length < 128; length++) {
        struct error error = {0};
        struct qcow2_header header;
        scoped(alloc_release) char *copy = alloc_zero(length + 1);
        memcpy(copy, bytes, length);
        CHECK_INT(qcow2_header_parse(copy, length, &header, &error), length >= 112);
    }
}

static void make(char *argv[]) {
    struct buffer output = {0};
    pid_t pid;
    CHECK_INT(scratch_run(argv, "", &output, &pid), 0);
    buffer_done(&output);
}

/* What qemu-img itself writes. */
static const struct {
    const char *name, *option;
    const char *says; /* with the folder of images; NULL: good */
} overlays[] = {
    {"inside", "backing_file=../images/base.qcow2,backing_fmt=qcow2", NULL},
    {"absolute", "backing_file=%s/images/base.qcow2,backing_fmt=qcow2", NULL},
    {"through", "backing_file=../instances/../images/base.qcow2,backing_fmt=qcow2", NULL},
    {"outside", "backing_file=%s/outside.qcow2,backing_fmt=qcow2", "which is not a file in"},
    {"below", "backing_file=../images/sub/base.qcow2,backing_fmt=qcow2", "which is not a file in"},
    {"link", "backing_file=../images/link.qcow2,backing_fmt=qcow2", "which is not a file in"},
    {"missing", "backing_file=../images/none.qcow2,backing_fmt=qcow2", "which is not a file in"},
    {"raw", "backing_file=../images/base.qcow2,backing_fmt=raw", "for another format than qcow2"},
    {"chain", "backing_file=../images/overlay.qcow2,backing_fmt=qcow2",
     "depends on a backing file"},
    {"notdisk", "backing_file=../images/text.qcow2,backing_fmt=qcow2", "is not a qcow2 disk image"},
    {"json", "backing_file=json:{\"driver\":\"raw\"},,x,backing_fmt=qcow2", "is based on json:"},
    {"nbd", "backing_file=nbd://127.0.0.1/x,backing_fmt=qcow2", "is based on nbd:"},
    {"file", "backing_file=file:../images/base.qcow2,backing_fmt=qcow2", "is based on file:"},
    {"data", "data_file=%s/data.raw", "an external data file"},
};

static void make_disk(const char *path, const char *option) {
    char *argv[] = {"/usr/bin/env", "qemu-img", "create",       "-q",         "-u", "-f",
                    "qcow2",        "-o",       (char *)option, (char *)path, "1M", NULL};
    make(argv);
}

static void make_plain(const char *name) {
    scoped(alloc_release) char *path = scratch_path(name);
    char *argv[] = {"/usr/bin/env", "qemu-img", "create", "-q", "-f", "qcow2", path, "1M", NULL};
    make(argv);
}

static void make_folders(void) {
    static const char *const folders[] = {"images", "images/sub", "instances"};
    struct error error = {0};
    for (size_t i = 0; i < 3; i++) {
        scoped(alloc_release) char *folder = scratch_path(folders[i]);
        CHECK(file_make_directory(folder, 0700, &error));
    }
    make_plain("images/base.qcow2");
    make_plain("images/sub/base.qcow2");
    make_plain("outside.qcow2");
    scoped(alloc_release) char *link = scratch_path("images/link.qcow2");
    scoped(alloc_release) char *text = scratch_path("images/text.qcow2");
    scoped(alloc_release) char *overlay = scratch_path("images/overlay.qcow2");
    CHECK(symlink("../outside.qcow2", link) == 0);
    scratch_write(text, "text", 4, 0600);
    make_disk(overlay, "backing_file=base.qcow2,backing_fmt=qcow2");
}

TEST(overlays_of_qemu_img) {
    scoped(alloc_release) char *images = scratch_path("images");
    make_folders();
    for (size_t i = 0; i < sizeof overlays / sizeof *overlays; i++) {
        struct error error = {0};
        scoped(alloc_release) char *name = alloc_printf("instances/%s.qcow2", overlays[i].name);
        scoped(alloc_release) char *path = scratch_path(name);
        const char *word = overlays[i].option, *hole = strstr(word, "%s");
        scoped(alloc_release) char *option =
            hole ? alloc_printf("%.*s%s%s", (int)(hole - word), word, scratch(), hole + 2)
                 : alloc_string(word);
        make_disk(path, option);
        bool good = qcow2_file_check(path, "DISK", images, &error);
        if (good != (overlays[i].says == NULL))
            fprintf(stderr, "%s: %s\n", overlays[i].name, error.text);
        CHECK(good == (overlays[i].says == NULL));
        CHECK_CONTAINS(error.text, overlays[i].says ? overlays[i].says : "");
    }
}

static void check_backing_is(const char *path, const char *name) {
    struct qcow2_header header;
    struct error error = {0};
    CHECK(qcow2_file_read(path, path, &header, &error));
    CHECK_STRING(header.backing, name);
    CHECK_STRING(header.backing_format, "qcow2");
}

/* QEMU's tools agree; what does not fit, or has no name to change, stays as it is. */
TEST(backing_file_renamed) {
    scoped(alloc_release) char *folder = scratch_path("renamed");
    struct error error = {0};
    CHECK(file_make_directory(folder, 0700, &error));
    make_plain("renamed/base.qcow2");
    make_plain("renamed/other.qcow2");
    scoped(alloc_release) char *path = scratch_path("renamed/disk.qcow2");
    scoped(alloc_release) char *plain = scratch_path("renamed/base.qcow2");
    scoped(alloc_release) char *fifo = scratch_path("renamed/fifo");
    scoped(alloc_release) char *option =
        alloc_printf("backing_file=%s/base.qcow2,backing_fmt=qcow2", folder);
    make_disk(path, option);
    CHECK(qcow2_file_rename_backing(path, "other.qcow2"));
    check_backing_is(path, "other.qcow2");
    CHECK(!qcow2_file_rename_backing(path, "one-longer.qcow2"));
    CHECK(!qcow2_file_rename_backing(path, ""));
    check_backing_is(path, "other.qcow2");
    char *compare[] = {"/usr/bin/env", "qemu-img", "compare", "-q", path, plain, NULL};
    char *check[] = {"/usr/bin/env", "qemu-img", "check", "-q", path, NULL};
    make(compare);
    make(check);
    CHECK(!qcow2_file_rename_backing(plain, "other.qcow2"));
    CHECK(mkfifo(fifo, 0600) == 0);
    CHECK(!qcow2_file_rename_backing(fifo, "other.qcow2"));
}

/* --- copied as the file that it is --- */

static void tell(const char *path, const char *command) {
    char *argv[] = {"/usr/bin/env", "qemu-io",       "-f",         "qcow2",
                    "-c",           (char *)command, (char *)path, NULL};
    make(argv);
}

/* Of copied/disk.qcow2, which is over an image if its copy knows one. */
static bool is_copied(const char *backing) {
    struct error error = {0};
    char digest[SECRET_SHA256_SIZE], again[SECRET_SHA256_SIZE];
    scoped(alloc_release) char *from = scratch_path("copied/disk.qcow2");
    scoped(alloc_release) char *to = scratch_path("copied/copy.qcow2");
    const struct qcow2_copy copy = {from, to, backing};
    CHECK(qcow2_copy_try(&copy, digest, &error));
    CHECK(file_exists(to) == (*digest != 0));
    if (!*digest)
        return false;
    char *compare[] = {"/usr/bin/env", "qemu-img", "compare", "-q", from, to, NULL};
    char *check[] = {"/usr/bin/env", "qemu-img", "check", "-q", to, NULL};
    make(compare);
    make(check);
    CHECK(secret_sha256_file(to, again, &error));
    CHECK_STRING(digest, again);
    if (backing)
        check_backing_is(to, backing);
    CHECK(unlink(to) == 0);
    return true;
}

TEST(copied_as_it_is) {
    static const char shorter[] = "base.qcow2";
    struct error error = {0};
    scoped(alloc_release) char *folder = scratch_path("copied");
    scoped(alloc_release) char *disk = scratch_path("copied/disk.qcow2");
    scoped(alloc_release) char *option =
        alloc_printf("backing_file=%s/base.qcow2,backing_fmt=qcow2", folder);
    CHECK(file_make_directory(folder, 0700, &error));
    make_plain("copied/base.qcow2");
    make_disk(disk, option);
    char *grow[] = {"/usr/bin/env", "qemu-img", "resize", "-q", disk, "64M", NULL};
    char *keep[] = {"/usr/bin/env", "qemu-img", "snapshot", "-q", "-c", "one", disk, NULL};
    char *drop[] = {"/usr/bin/env", "qemu-img", "snapshot", "-q", "-d", "one", disk, NULL};
    make(grow);
    CHECK(is_copied(shorter));
    tell(disk, "write -P 7 1M 24M");
    CHECK(is_copied(shorter));
    CHECK(!is_copied("a-name-that-is-longer-than-that-in-the-header-by-far-and-so-does-not-fit"));
    CHECK(!is_copied(NULL)); /* the copy would show what it is over */
    make(keep);
    CHECK(!is_copied(shorter));
    make(drop);
    CHECK(is_copied(shorter));
    tell(disk, "discard 1M 16M"); /* freed, and still in the file */
    CHECK(!is_copied(shorter));
}

/* Its QEMU has written by the time that qemu-img looks, which then finds nothing wrong. */
TEST(not_copied_while_somebody_writes) {
    struct error error = {0};
    char digest[SECRET_SHA256_SIZE];
    struct flock writer = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 101, .l_len = 1};
    scoped(alloc_release) char *folder = scratch_path("writer");
    scoped(alloc_release) char *tool = scratch_path("writer/qemu-img");
    scoped(alloc_release) char *disk = scratch_path("copied/disk.qcow2");
    scoped(alloc_release) char *to = scratch_path("copied/copy.qcow2");
    scoped(alloc_release) char *before = alloc_string(getenv("PATH"));
    static const char script[] = "#!/bin/sh\necho '{\"allocated-clusters\": 99}'\n";
    const struct qcow2_copy copy = {disk, to, NULL};
    unlink(disk);
    make_plain("copied/disk.qcow2");
    CHECK(file_make_directory(folder, 0700, &error));
    scratch_write(tool, script, strlen(script), 0700);
    scoped(file_release) int fd = open(disk, O_RDWR | O_CLOEXEC);
    CHECK(fcntl(fd, F_OFD_SETLK, &writer) == 0);
    setenv("PATH", folder, 1);
    CHECK(qcow2_copy_try(&copy, digest, &error));
    CHECK_STRING(digest, "");
    CHECK(!file_exists(to));
    file_release(&fd);
    CHECK(qcow2_copy_try(&copy, digest, &error));
    CHECK(*digest && unlink(to) == 0);
    setenv("PATH", before, 1);
}

/* Which of these a conversion reads, or refuses, is its own business. */
TEST(not_copied_as_it_is) {
    static const struct patch patches[] = {
        {72, "\0\0\0\0\0\0\0\1", 8}, /* not closed in order */
        {72, "\0\0\0\0\0\0\0\2", 8}, /* damaged */
        {88, "\0\0\0\0\0\0\0\1", 8}, /* bitmaps */
        {40, "\0\0\0\0\0\0\0\7", 8}, /* a table that is not where one can be */
    };
    scoped(alloc_release) char *disk = scratch_path("copied/disk.qcow2");
    for (size_t i = 0; i < sizeof patches / sizeof *patches; i++) {
        CHECK(unlink(disk) == 0);
        make_plain("copied/disk.qcow2");
        CHECK(is_copied(NULL));
        scoped(file_release) int fd = open(disk, O_WRONLY | O_CLOEXEC);
        CHECK(pwrite(fd, patches[i].bytes, patches[i].length, (off_t)patches[i].at) ==
              (ssize_t)patches[i].length);
        CHECK(!is_copied(NULL));
    }
}

TEST(no_regular_file) {
    scoped(alloc_release) char *fifo = scratch_path("fifo");
    struct error error = {0};
    CHECK(mkfifo(fifo, 0600) == 0);
    CHECK(!qcow2_file_check(fifo, "FIFO", NULL, &error));
    CHECK_STRING(error.text, "FIFO is not a regular file");
    error_clear(&error);
    CHECK(!qcow2_file_check(scratch(), "FOLDER", NULL, &error));
    CHECK_CONTAINS(error.text, "FOLDER is a folder");
}

int main(void) {
    return test_run();
}
