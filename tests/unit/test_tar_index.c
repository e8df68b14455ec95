/* What is in a tar archive from elsewhere, and where; hostile ones are refused. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "home/moving/tar_index.h"
#include "scratch.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct header {
    const char *name, *size;
    char type;
};

static void put_header(struct buffer *archive, const struct header *header) {
    unsigned char block[TAR_BLOCK_BYTES] = {0};
    unsigned sum = 0;
    memcpy(block, header->name, strlen(header->name));
    memcpy(block + 124, header->size, strlen(header->size));
    memset(block + 148, ' ', 8);
    block[156] = (unsigned char)header->type;
    memcpy(block + 257, "ustar", 6);
    for (size_t i = 0; i < sizeof block; i++)
        sum += block[i];
    snprintf((char *)block + 148, 8, "%06o", sum);
    buffer_append(archive, (char *)block, sizeof block);
}

static bool read_archive(const struct buffer *archive, struct tar_index *index,
                         struct error *error) {
    scoped(alloc_release) char *path = scratch_path("archive");
    scratch_write(path, archive->data, archive->length, 0600);
    int fd = open(path, O_RDONLY);
    bool good = tar_index_read(fd, index, error);
    close(fd);
    return good;
}

TEST(archives_are_indexed) {
    struct buffer archive = {0};
    struct tar_index index;
    struct error error = {0};
    char block[TAR_BLOCK_BYTES] = "20 mtime=1700000000\n";
    put_header(&archive, &(struct header){"pax", "00000000024", 'x'});
    buffer_append(&archive, block, sizeof block);
    put_header(&archive, &(struct header){"./a.ovf", "00000000001 ", '0'});
    buffer_append(&archive, block, sizeof block);
    put_header(&archive, &(struct header){"b.vmdk", "3", 0});
    buffer_append(&archive, block, sizeof block);
    CHECK(read_archive(&archive, &index, &error));
    CHECK_INT(index.count, 2);
    const struct tar_member *member = tar_index_find(&index, "b.vmdk");
    CHECK(member && member->offset == 5 * TAR_BLOCK_BYTES && member->bytes == 3);
    CHECK(tar_index_find(&index, "a.ovf") && !tar_index_find(&index, "pax"));
    CHECK(tar_index_is_archive(archive.data, archive.length));
    CHECK(!tar_index_is_archive(archive.data, 200));
    buffer_done(&archive);
}

TEST(sizes_of_gnu) {
    unsigned char block[TAR_BLOCK_BYTES] = "big";
    struct tar_member member;
    struct error error = {0};
    enum tar_kind kind;
    for (int high = 0; high < 2; high++) {
        unsigned sum = 8 * ' ';
        block[124] = 0x80;
        block[125] = high ? 0xff : 0;
        block[130] = 2; /* 2 * 2^40 */
        block[156] = '0';
        memset(block + 148, 0, 8);
        for (size_t i = 0; i < sizeof block; i++)
            sum += block[i];
        snprintf((char *)block + 148, 8, "%06o", sum);
        bool good = tar_index_parse(block, &(struct tar_given){0}, &member, &kind, &error);
        CHECK(good == !high);
        CHECK(high || member.bytes == UINT64_C(2) << 40);
    }
    CHECK_CONTAINS(error.text, "a file has an impossible size");
}

/* What follows the header, filled up to a block. */
static void put_text(struct buffer *archive, const char *text, char type) {
    char block[TAR_BLOCK_BYTES] = "", size[24];
    size_t length = strlen(text);
    snprintf(size, sizeof size, "%zo", length);
    put_header(archive, &(struct header){"PaxHeaders/x", size, type});
    memcpy(block, text, length);
    buffer_append(archive, block, sizeof block);
}

/* As GNU tar, bsdtar and Python write them. */
TEST(extensions_of_archives) {
    static const char name[] = "a-name-that-is-longer-than-a-hundred-bytes-a-name-that-is-longer-"
                               "than-a-hundred-bytes-and-has-an-\xC3\xA9-in-it.vmdk";
    struct buffer archive = {0};
    struct tar_index index;
    struct error error = {0};
    char block[TAR_BLOCK_BYTES] = "", text[300];
    put_header(&archive, &(struct header){"./", "0", '5'});
    put_text(&archive, "53 comment=f0e4c2f76c58916ec258f246851bea091d14d4247\n", 'g');
    snprintf(text, sizeof text, "30 mtime=1700000000.123456789\n%zu path=./%s\n10 size=4\n",
             strlen(name) + 12, name);
    put_text(&archive, text, 'x');
    put_header(&archive, &(struct header){"a-name", "00000000000", '0'});
    buffer_append(&archive, block, sizeof block);
    put_text(&archive, "./second.ovf", 'L');
    put_header(&archive, &(struct header){"second", "1", '0'});
    buffer_append(&archive, block, sizeof block);
    put_text(&archive, "21 path=not-this-one\n", 'x');
    put_text(&archive, "8 path=\n", 'x');
    put_header(&archive, &(struct header){"third", "0", '0'});
    CHECK(read_archive(&archive, &index, &error) || !printf("%s\n", error.text));
    CHECK_INT(index.count, 3);
    const struct tar_member *member = tar_index_find(&index, name);
    CHECK(member && member->bytes == 4 && member->offset == 6 * TAR_BLOCK_BYTES);
    member = tar_index_find(&index, "second.ovf");
    CHECK(member && member->bytes == 1 && member->offset == 10 * TAR_BLOCK_BYTES);
    CHECK(tar_index_find(&index, "third"));
    buffer_done(&archive);
}

TEST(extensions_that_are_refused) {
    static const struct {
        const char *text;
        char type;
        const char *says;
    } rows[] = {
        {"15 path=../etc\n", 'x', "has \"../etc\" in it"},
        {"12 path=a/b\n", 'x', "has \"a/b\" in it"},
        {"17 size=99999999\n", 'x', "it is cut short"},
        {"29 size=99999999999999999999\n", 'x', "a file has an impossible size"},
        {"11 size=-1\n", 'x', "a file has an impossible size"},
        {"22 GNU.sparse.major=1\n", 'x', "has files with holes"},
        {"9 path=a\n", 'g', "has names or sizes that are said of all its files, which are not"},
        {"10 path=a", 'x', "an extended header is wrong"},
        {"99 path=a\n", 'x', "an extended header is wrong"},
        {"path=a\n", 'x', "an extended header is wrong"},
        {"0 path=a\n", 'x', "an extended header is wrong"},
        {"9 path a\n", 'x', "an extended header is wrong"},
        {"18446744073709551626 path=a\n", 'x', "an extended header is wrong"},
        {"../etc", 'L', "has \"../etc\" in it"},
        {"", 'L', "has \"\" in it"},
        {"9 path=b\n", 'x', "it is cut short"}, /* nothing follows */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer archive = {0};
        struct tar_index index;
        struct error error = {0};
        put_text(&archive, rows[i].text, rows[i].type);
        if (i + 1 < sizeof rows / sizeof *rows)
            put_header(&archive, &(struct header){"a", "0", '0'});
        CHECK(!read_archive(&archive, &index, &error));
        CHECK_CONTAINS(error.text, rows[i].says);
        buffer_done(&archive);
    }
}

TEST(a_link_is_refused_by_its_whole_name) {
    struct buffer archive = {0};
    struct tar_index index;
    struct error error = {0};
    put_text(&archive, "the-whole-name", 'L');
    put_header(&archive, &(struct header){"the-who", "0", '2'});
    CHECK(!read_archive(&archive, &index, &error));
    CHECK_CONTAINS(error.text, "has \"the-whole-name\" in it, and not only plain files");
    buffer_done(&archive);
}

TEST(archives_that_are_refused) {
    static const struct {
        struct header header;
        const char *says;
    } rows[] = {
        {{"../a", "0", '0'}, "has \"../a\" in it, and not only plain files"},
        {{"..", "0", '0'}, "has \"..\" in it"},
        {{".", "0", '0'}, "has \".\" in it"},
        {{"./.", "0", '0'}, "has \"./.\" in it"},
        {{"/etc/passwd", "0", '0'}, "has \"/etc/passwd\" in it"},
        {{"a/b", "0", '0'}, "has \"a/b\" in it"},
        {{"a/", "0", '5'}, "has \"a/\" in it"},
        {{"..", "0", '5'}, "has \"..\" in it"},
        {{"holes", "0", 'S'}, "has files with holes, which are not read here: `mkdir NEW && tar"},
        {{"link", "0", '2'}, "has \"link\" in it"},
        {{"hard", "0", '1'}, "has \"hard\" in it"},
        {{"dev", "0", '4'}, "has \"dev\" in it"},
        {{"", "0", '0'}, "has \"\" in it"},
        {{"a\nb", "0", '0'}, "in it, and not only plain files"},
        {{"././@LongLink", "0", 'L'}, "in it, and not only plain files"},
        {{"a", "77777777777", '0'}, "it is cut short"},
        {{"a", "1", '0'}, "it is cut short"},
        {{"a", "", '0'}, "a file has an impossible size"},
        {{"a", "9", '0'}, "a file has an impossible size"},
        {{"a", "-1", '0'}, "a file has an impossible size"},
        {{"pax", "77777777", 'x'}, "a header is too long"},
    };
    struct error error = {0};
    struct tar_index index;
    struct buffer archive = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buffer_clear(&archive);
        put_header(&archive, &rows[i].header);
        CHECK(!read_archive(&archive, &index, &error));
        CHECK_CONTAINS(error.text, rows[i].says);
        error_clear(&error);
    }
    buffer_clear(&archive);
    put_header(&archive, &(struct header){"a", "0", '0'});
    put_header(&archive, &(struct header){"./a", "0", '0'});
    CHECK(!read_archive(&archive, &index, &error));
    CHECK_CONTAINS(error.text, "has \"a\" in it twice");
    error_clear(&error);
    archive.data[3] = 'x';
    CHECK(!read_archive(&archive, &index, &error));
    CHECK_CONTAINS(error.text, "the checksum of a header is wrong");
    error_clear(&error);
    buffer_clear(&archive);
    for (unsigned i = 0; i <= TAR_MEMBERS_MAX; i++) {
        char name[8];
        snprintf(name, sizeof name, "%u", i);
        put_header(&archive, &(struct header){name, "0", '0'});
    }
    CHECK(!read_archive(&archive, &index, &error));
    CHECK_CONTAINS(error.text, "has more than 64 files in it");
    error_clear(&error);
    buffer_clear(&archive);
    char block[TAR_BLOCK_BYTES] = "13 path=../x\n";
    put_header(&archive, &(struct header){"pax", "15", 'x'});
    buffer_append(&archive, block, sizeof block);
    CHECK(!read_archive(&archive, &index, &error));
    CHECK_CONTAINS(error.text, "has \"../x\" in it");
    buffer_done(&archive);
}

int main(void) {
    return test_run();
}
