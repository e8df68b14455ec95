/* Packed by libarchive itself, unpacked by unpack_file(). */
#include "home/images/unpack.h"
#include "scratch.h"
#include "test.h"

#include <archive.h>
#include <archive_entry.h>

#define BODY_BYTES (3u << 20)

static char *body; /* with a hole in the middle, and one at the end */

static void make_body(void) {
    body = alloc_zero(BODY_BYTES);
    for (size_t i = 0; i < BODY_BYTES / 4; i++)
        body[i] = (char)(i * 2654435761u >> 13);
    for (size_t i = BODY_BYTES / 2; i < BODY_BYTES / 2 + 1000; i++)
        body[i] = (char)i;
}

static char *pack(const char *name, int filter) { /* caller frees */
    char *path = scratch_path(name);
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    CHECK_INT(archive_write_add_filter(archive, filter), ARCHIVE_OK);
    CHECK_INT(archive_write_set_format_raw(archive), ARCHIVE_OK);
    CHECK_INT(archive_write_open_filename(archive, path), ARCHIVE_OK);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, BODY_BYTES);
    CHECK_INT(archive_write_header(archive, entry), ARCHIVE_OK);
    CHECK_INT(archive_write_data(archive, body, BODY_BYTES), BODY_BYTES);
    archive_entry_free(entry);
    CHECK_INT(archive_write_free(archive), ARCHIVE_OK);
    return path;
}

static void on_report(void *context, const char *doing, uint64_t done_bytes, uint64_t total_bytes) {
    uint64_t *last = context;
    CHECK_STRING(doing, "unpacking");
    CHECK(done_bytes >= *last && done_bytes <= total_bytes);
    *last = done_bytes;
}

static void check_packing(const char *name, int filter) {
    scoped(alloc_release) char *packed = pack(name, filter);
    scoped(alloc_release) char *to = scratch_path("unpacked");
    struct buffer head = {0}, content = {0};
    struct error error = {0};
    struct stat status;
    uint64_t last = 0;
    const struct image_progress progress = {on_report, NULL, &last};
    CHECK(file_read(packed, BODY_BYTES, &head, &error));
    CHECK(unpack_is_packed((const unsigned char *)head.data, head.length));
    CHECK(unpack_file(packed, name, to, &progress, &error));
    CHECK_STRING(error.text, "");
    CHECK(last > 0);
    CHECK(file_read(to, BODY_BYTES, &content, &error));
    CHECK(content.length == BODY_BYTES && memcmp(content.data, body, BODY_BYTES) == 0);
    CHECK(stat(to, &status) == 0);
    CHECK_INT(status.st_mode & 07777, 0600);
    CHECK((uint64_t)status.st_blocks * 512 < BODY_BYTES); /* the holes are holes */
    CHECK(!unpack_file(packed, name, to, NULL, &error));  /* it is there already */
    CHECK_CONTAINS(error.text, "cannot write ");
    unlink(to);
    buffer_done(&head);
    buffer_done(&content);
}

TEST(each_packing) {
    check_packing("x.xz", ARCHIVE_FILTER_XZ);
    check_packing("x.zst", ARCHIVE_FILTER_ZSTD);
    check_packing("x.gz", ARCHIVE_FILTER_GZIP);
}

/* Cut in the middle, or with a byte in the middle that is another one. */
static void check_broken(const char *name, int filter, bool cut) {
    scoped(alloc_release) char *packed = pack(name, filter);
    scoped(alloc_release) char *to = scratch_path("unpacked");
    struct buffer content = {0};
    struct error error = {0};
    CHECK(file_read(packed, BODY_BYTES, &content, &error));
    size_t middle = content.length / 2;
    content.data[middle] = (char)~content.data[middle];
    scratch_write(packed, content.data, cut ? middle : content.length, 0600);
    CHECK(!unpack_file(packed, "the image", to, NULL, &error));
    CHECK_INT(error.code, ERROR_INVALID);
    CHECK_CONTAINS(error.text, "cannot decompress the image: ");
    CHECK(!file_exists(to));
    buffer_done(&content);
}

TEST(broken_ones_leave_nothing) {
    check_broken("cut.xz", ARCHIVE_FILTER_XZ, true);
    check_broken("cut.zst", ARCHIVE_FILTER_ZSTD, true);
    check_broken("cut.gz", ARCHIVE_FILTER_GZIP, true);
    check_broken("bad.xz", ARCHIVE_FILTER_XZ, false);
}

TEST(what_is_not_packed) {
    scoped(alloc_release) char *to = scratch_path("unpacked");
    struct error error = {0};
    CHECK(!unpack_is_packed((const unsigned char *)"QFI\xfb", 4));
    CHECK(!unpack_is_packed((const unsigned char *)"\xfd", 1));
    CHECK(!unpack_file("/nonexistent", "it", to, NULL, &error));
    CHECK_CONTAINS(error.text, "cannot read it");
    CHECK(!file_exists(to));
}

int main(void) {
    make_body();
    int status = test_run();
    free(body);
    return status;
}
