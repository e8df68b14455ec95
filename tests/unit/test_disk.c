#include "home/seed/seed_drive.h"
#include "host/program.h"
#include "host/qcow2_file.h"
#include "host/qemu_img.h"
#include "scratch.h"
#include "test.h"

#define MIB (UINT64_C(1) << 20)

static void run(char *const argv[]) {
    struct buffer output = {0};
    struct error error = {0};
    CHECK(program_run(argv, 60000, &output, &error));
    CHECK_STRING(error.text, "");
    buffer_done(&output);
}

static void make_qcow2(const char *path) {
    char *argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", (char *)path, "64M", NULL};
    run(argv);
}

static mode_t mode_of(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? status.st_mode & 07777 : 0;
}

static void check_overlay(const char *folder) {
    scoped(alloc_release) char *backing = alloc_printf("%s/base, \"1\".qcow2", folder);
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", folder);
    struct error error = {0};
    struct qemu_img_info info;
    CHECK(file_make_directory(folder, 0700, &error));
    make_qcow2(backing);
    CHECK(qemu_img_create_overlay(disk, backing, backing, 100 * MIB, &error));
    CHECK_STRING(error.text, "");
    CHECK(qemu_img_info(disk, &info, &error));
    CHECK_INT(info.virtual_bytes, 100 * MIB);
    CHECK(qcow2_file_check(disk, disk, folder, &error));
    CHECK(!qcow2_file_check(disk, disk, NULL, &error));
    error_clear(&error);
    CHECK_INT(mode_of(disk), 0600);
    char *check[] = {"qemu-img", "check", "-q", disk, NULL};
    run(check);

    CHECK(!qemu_img_create_overlay(disk, backing, backing, 100 * MIB, &error));
    CHECK_INT(error.code, ERROR_EXISTS);
}

TEST(overlay) {
    static const char *const names[] = {"plain", "a, b", "it's \"$HOME`id`", "é:x=y", "json:{}"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        scoped(alloc_release) char *folder = scratch_path(names[i]);
        check_overlay(folder);
    }
}

TEST(overlay_smaller_than_its_image) {
    scoped(alloc_release) char *backing = scratch_path("small-base.qcow2");
    scoped(alloc_release) char *disk = scratch_path("small.qcow2");
    struct error error = {0};
    struct qemu_img_info info;
    make_qcow2(backing);
    CHECK(!qemu_img_create_overlay(disk, backing, backing, 32 * MIB, &error));
    CHECK_INT(error.code, ERROR_INVALID);
    CHECK_CONTAINS(error.text, "at least 64 MiB");
    CHECK(!file_exists(disk));
    error_clear(&error);
    CHECK(qemu_img_create_overlay(disk, backing, backing, 0, &error));
    CHECK(qemu_img_info(disk, &info, &error));
    CHECK_INT(info.virtual_bytes, 64 * MIB);
}

TEST(overlay_without_image) {
    scoped(alloc_release) char *backing = scratch_path("no-base.qcow2");
    scoped(alloc_release) char *disk = scratch_path("orphan.qcow2");
    struct error error = {0};
    CHECK(!qemu_img_create_overlay(disk, backing, backing, MIB, &error));
    CHECK_CONTAINS(error.text, backing);
    CHECK_CONTAINS(error.text, "No such file");
    CHECK(!file_exists(disk));
}

/* The format is named: a raw file is no qcow2, whatever a guest wrote into it. */
TEST(info) {
    scoped(alloc_release) char *raw = scratch_path("raw.img");
    struct error error = {0};
    struct qemu_img_info info;
    scratch_write(raw, "hello", 5, 0600);
    CHECK(!qemu_img_info(raw, &info, &error));
    CHECK_CONTAINS(error.text, "qcow2");
}

static void write_documents(const char *folder, const char *user_data, size_t length) {
    static const struct {
        const char *name, *text;
    } rows[] = {{"meta-data", "instance-id: i-7-test\n"},
                {"vendor-data", ""},
                {"network-config", "version: 2\n"}};
    struct error error = {0};
    CHECK(file_make_directory(folder, 0700, &error));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, rows[i].name);
        scratch_write(path, rows[i].text, strlen(rows[i].text), 0600);
    }
    scoped(alloc_release) char *path = alloc_printf("%s/user-data", folder);
    scratch_write(path, user_data, length, 0600);
}

static void check_copied_back(const char *image, const char *name, const char *expected) {
    scoped(alloc_release) char *source = alloc_printf("::%s", name);
    struct buffer output = {0};
    struct error error = {0};
    char *argv[] = {"mtype", "-i", (char *)image, source, NULL};
    CHECK(program_run(argv, 60000, &output, &error));
    CHECK_STRING(output.data ? output.data : "", expected);
    buffer_done(&output);
}

static void check_seed_drive(const char *home) {
    scoped(alloc_release) char *folder = alloc_printf("%s/cloud-init", home);
    scoped(alloc_release) char *image = alloc_printf("%s/cloud-init.img", home);
    struct error error = {0};
    struct buffer first = {0}, second = {0};
    write_documents(folder, "#cloud-config\n{}\n", 17);
    CHECK(seed_drive_write(image, folder, NULL, NULL, &error));
    CHECK_STRING(error.text, "");
    CHECK_INT(mode_of(image), 0600);
    CHECK(file_read(image, 4 * MIB, &first, &error));
    CHECK_INT(first.length, 1474560);
    CHECK(first.length > 62 && memcmp(first.data + 43, "CIDATA     FAT12   ", 19) == 0);
    check_copied_back(image, "meta-data", "instance-id: i-7-test\n");
    check_copied_back(image, "user-data", "#cloud-config\n{}\n");
    check_copied_back(image, "vendor-data", "");
    check_copied_back(image, "network-config", "version: 2\n");

    CHECK(seed_drive_write(image, folder, NULL, NULL, &error)); /* over the old one */
    CHECK(file_read(image, 4 * MIB, &second, &error));
    CHECK_INT(memcmp(first.data + 39, second.data + 39, 4), 0); /* serial number */
    scoped(alloc_release) char *temporary = alloc_printf("%s.new", image);
    CHECK(!file_exists(temporary));
    buffer_done(&first);
    buffer_done(&second);
}

TEST(seed_drive) {
    static const char *const names[] = {"seed", "seed, it's \"$HOME`id`", "seed é;x"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        scoped(alloc_release) char *home = scratch_path(names[i]);
        check_seed_drive(home);
    }
}

TEST(seed_drive_without_optional_documents) {
    scoped(alloc_release) char *folder = scratch_path("two-documents");
    scoped(alloc_release) char *image = scratch_path("two.img");
    scoped(alloc_release) char *vendor = alloc_printf("%s/vendor-data", folder);
    scoped(alloc_release) char *user = alloc_printf("%s/user-data", folder);
    struct error error = {0};
    write_documents(folder, "x", 1);
    unlink(vendor);
    CHECK(seed_drive_write(image, folder, NULL, NULL, &error));
    check_copied_back(image, "user-data", "x");
    unlink(user);
    CHECK(!seed_drive_write(image, folder, NULL, NULL, &error));
    CHECK_CONTAINS(error.text, user);
    CHECK_CONTAINS(error.text, "No such file");
    check_copied_back(image, "user-data", "x"); /* the old drive stays */
}

TEST(seed_drive_too_small) {
    scoped(alloc_release) char *folder = scratch_path("big-documents");
    scoped(alloc_release) char *image = scratch_path("big.img");
    size_t most = (2880 - 1 - 18 - 14 - 2) * 512; /* two sectors are for the other documents */
    char *text = alloc_zero(most + 1);
    struct error error = {0};
    write_documents(folder, text, most);
    CHECK(seed_drive_write(image, folder, NULL, NULL, &error));
    CHECK_STRING(error.text, "");
    unlink(image);
    write_documents(folder, text, most + 1);
    CHECK(!seed_drive_write(image, folder, NULL, NULL, &error));
    CHECK_INT(error.code, ERROR_INVALID);
    CHECK_CONTAINS(error.text, "but the seed drive has room for 1457664");
    CHECK(!file_exists(image));
    free(text);
}

TEST(seed_drive_path_that_mtools_cannot_take) {
    scoped(alloc_release) char *folder = scratch_path("cloud-init");
    scoped(alloc_release) char *image = scratch_path("a@@512.img");
    struct error error = {0};
    write_documents(folder, "x", 1);
    CHECK(!seed_drive_write(image, folder, NULL, NULL, &error));
    CHECK_CONTAINS(error.text, "@@");
}

int main(void) {
    return test_run();
}
