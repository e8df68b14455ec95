/* OVF packages: descriptors of several programs, manifests, archives and disks, and hostile ones of
 * each. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "home/moving/ovf_digest.h"
#include "home/moving/ovf_read.h"
#include "home/moving/tar_index.h"
#include "host/disk_slice.h"
#include "host/vmdk_header.h"
#include "scratch.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- descriptors --- */

#define HEAD                                                                                       \
    "<?xml version='1.0'?><Envelope xmlns='http://schemas.dmtf.org/ovf/envelope/1' "               \
    "xmlns:ovf='http://schemas.dmtf.org/ovf/envelope/1'>"
#define FILES                                                                                      \
    "<References><File ovf:href='a.vmdk' ovf:id='file1' ovf:size='9'/>"                            \
    "<ovf:File ovf:href='b.vmdk' ovf:id='file2'/></References>"                                    \
    "<DiskSection><Info/><Disk ovf:capacity='4' ovf:diskId='d1' ovf:fileRef='file1'/>"             \
    "<Disk ovf:capacity='1' ovf:diskId='d2' ovf:fileRef='file2'/>"                                 \
    "<Disk ovf:capacity='1' ovf:diskId='d3'/></DiskSection>"
#define ITEM(type, more)   "<Item><rasd:ResourceType>" #type "</rasd:ResourceType>" more "</Item>"
#define QUANTITY(n)        "<rasd:VirtualQuantity>" #n "</rasd:VirtualQuantity>"
#define UNITS(word)        "<rasd:AllocationUnits>" word "</rasd:AllocationUnits>"
#define HOST(word)         "<rasd:HostResource>" word "</rasd:HostResource>"
#define SYSTEM(name, more) "<VirtualSystem ovf:id='" name "'>" more "</VirtualSystem></Envelope>"
#define HARDWARE(more)     "<VirtualHardwareSection>" more "</VirtualHardwareSection>"
#define MEMORY             ITEM(4, QUANTITY(2048) UNITS("byte * 2^20"))

static bool read_ovf(const char *text, struct foreign_machine *machine, struct error *error) {
    struct buffer bound = {0};
    const char *at = strstr(text, "<Envelope ");
    if (at) {
        buffer_append(&bound, text, (size_t)(at - text));
        buffer_puts(&bound, "<Envelope xmlns:rasd='r' xmlns:vmw='v' xmlns:vbox='b' ");
        at += strlen("<Envelope ");
    }
    buffer_puts(&bound, at ? at : text);
    bool good = ovf_read(bound.data ? bound.data : "", bound.length, machine, error);
    buffer_done(&bound);
    return good;
}

TEST(a_descriptor_is_read) {
    struct foreign_machine machine;
    struct error error = {0};
    CHECK(read_ovf(
        HEAD FILES SYSTEM(
            "web", "<Name>web-1</Name>" HARDWARE(
                       ITEM(3, QUANTITY(2)) MEMORY ITEM(5, "") ITEM(17, HOST("ovf:/disk/d1"))
                           ITEM(17, HOST("/disk/d2")) ITEM(17, HOST("ovf:/disk/d3")) ITEM(15, "")
                               ITEM(10, "<rasd:Connection>VM Network</rasd:Connection>"))),
        &machine, &error));
    CHECK_STRING(machine.name, "web-1");
    CHECK_STRING(machine.arch, "x86_64");
    CHECK(!machine.firmware);
    CHECK_STRING(machine.vcpu, "2");
    uint64_t ram_mib = 0;
    CHECK(foreign_machine_ram(&machine, &ram_mib));
    CHECK_INT(ram_mib, 2048);
    CHECK_INT(machine.nic_count, 1);
    CHECK_INT(machine.disk_count, 3);
    CHECK_STRING(machine.disks[0].file, "a.vmdk");
    CHECK_STRING(machine.disks[0].target, "d1");
    CHECK_STRING(machine.disks[1].file, "b.vmdk");
    CHECK(!machine.disks[2].file);
    foreign_machine_done(&machine);
}

TEST(words_of_other_programs) {
    static const struct {
        const char *text, *arch, *firmware;
        uint64_t ram_mib;
    } rows[] = {
        {HEAD SYSTEM(
             "a", "<OperatingSystemSection vmw:osType='arm-debian12-64Guest'/>" HARDWARE(MEMORY)),
         "aarch64", "efi", 2048},
        {HEAD SYSTEM("a",
                     "<OperatingSystemSection><vbox:OSType>Debian12_arm64</vbox:OSType>"
                     "</OperatingSystemSection>" HARDWARE(ITEM(4, QUANTITY(1) UNITS("GigaBytes")))),
         "aarch64", "efi", 1024},
        {HEAD SYSTEM("a", "<OperatingSystemSection vmw:osType='debian12_64Guest'/>" HARDWARE(
                              MEMORY "<vmw:Config vmw:key='bootOrder' vmw:value='efi'/>"
                                     "<vmw:Config vmw:key='firmware' vmw:value='efi'/>")),
         "x86_64", "efi", 2048},
        {HEAD SYSTEM("a", "<vbox:Machine><Hardware><Firmware type='EFI'/></Hardware>"
                          "</vbox:Machine>" HARDWARE(ITEM(4, QUANTITY(512) UNITS("MegaBytes")))),
         "x86_64", "efi", 512},
        {HEAD SYSTEM("a", HARDWARE(ITEM(4, QUANTITY(1073741824)))), "x86_64", NULL, 1024},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct foreign_machine machine;
        struct error error = {0};
        uint64_t ram_mib = 0;
        CHECK(read_ovf(rows[i].text, &machine, &error));
        CHECK_STRING(machine.arch, rows[i].arch);
        CHECK((machine.firmware != NULL) == (rows[i].firmware != NULL));
        CHECK(foreign_machine_ram(&machine, &ram_mib));
        CHECK_INT(ram_mib, rows[i].ram_mib);
        CHECK_STRING(machine.name, "a");
        foreign_machine_done(&machine);
    }
}

/* What VirtualBox 7.2.22 wrote, from Debian's package: VBoxManage export --ovf20, and --ovf10 of a
 * machine of ARM. */
TEST(descriptors_of_virtualbox) {
    static const struct {
        const char *path, *name, *arch, *files[2];
        uint64_t ram_mib;
        size_t nics;
    } rows[] = {
        {"golden/ovf/virtualbox-x86.ovf",
         "web-1",
         "x86_64",
         {"web-1-disk001.vmdk", "web-1-disk002.vmdk"},
         1536,
         2},
        {"golden/ovf/virtualbox-arm.ovf", "arm-1", "aarch64", {"arm-1-disk001.vmdk"}, 1024, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct foreign_machine machine;
        struct error error = {0};
        uint64_t ram_mib = 0;
        scoped(buffer_done) struct buffer text = {0};
        CHECK(file_read(rows[i].path, 1 << 20, &text, &error));
        CHECK(ovf_read(text.data, text.length, &machine, &error));
        CHECK_STRING(machine.name, rows[i].name);
        CHECK_STRING(machine.arch, rows[i].arch);
        CHECK_STRING(machine.firmware, "efi");
        CHECK_STRING(machine.vcpu, "2");
        CHECK(foreign_machine_ram(&machine, &ram_mib));
        CHECK_INT(ram_mib, rows[i].ram_mib);
        CHECK_INT(machine.nic_count, rows[i].nics);
        CHECK_INT(machine.disk_count, rows[i].files[1] ? 2 : 1);
        for (size_t j = 0; j < machine.disk_count; j++)
            CHECK_STRING(machine.disks[j].file, rows[i].files[j]);
        foreign_machine_done(&machine);
    }
}

#define OF(words, type, more)                                                                      \
    "<Item ovf:configuration='" words "'><rasd:ResourceType>" #type "</rasd:ResourceType>" more    \
    "</Item>"
#define BOUND(word, type, more)                                                                    \
    "<Item ovf:bound='" word "'><rasd:ResourceType>" #type "</rasd:ResourceType>" more "</Item>"
#define CHOICE(first, second)                                                                      \
    "<DeploymentOptionSection><Configuration ovf:id='small' " first "/><Configuration "            \
    "ovf:id='large' " second "/></DeploymentOptionSection>"
#define CHOOSES                                                                                    \
    HARDWARE(OF("tiny small", 3, QUANTITY(2)) ITEM(3, QUANTITY(1)) OF("large", 3, QUANTITY(8))     \
                 ITEM(4, QUANTITY(512) UNITS("MB")) OF("large", 4, QUANTITY(9) UNITS("GigaBytes")) \
                     ITEM(10, "") OF("small large", 10, "") OF("large", 10, "")                    \
                         BOUND("max", 4, QUANTITY(99) UNITS("MB")) OF("smaller", 10, ""))

/* As Cisco's routers and other appliances of VMware's have them. */
TEST(the_default_configuration_is_taken) {
    static const struct {
        const char *text, *vcpu;
        uint64_t ram_mib;
        size_t nics;
    } rows[] = {
        {HEAD CHOICE("", "") SYSTEM("a", CHOOSES), "2", 512, 2},
        {HEAD CHOICE("ovf:default='true'", "") SYSTEM("a", CHOOSES), "2", 512, 2},
        {HEAD CHOICE("ovf:default='false'", "ovf:default='true'") SYSTEM("a", CHOOSES), "8", 9216,
         3},
        {HEAD SYSTEM("a", CHOOSES), "1", 512, 1},
        {HEAD SYSTEM("a", HARDWARE(BOUND("min", 3, QUANTITY(1)) ITEM(3, QUANTITY(4)) BOUND(
                              "max", 3, QUANTITY(9)) OF("", 4, QUANTITY(64) UNITS("MB")))),
         "4", 64, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct foreign_machine machine;
        struct error error = {0};
        uint64_t ram_mib = 0;
        CHECK(read_ovf(rows[i].text, &machine, &error));
        CHECK_STRING(machine.vcpu, rows[i].vcpu);
        CHECK(foreign_machine_ram(&machine, &ram_mib));
        CHECK_INT(ram_mib, rows[i].ram_mib);
        CHECK_INT(machine.nic_count, rows[i].nics);
        foreign_machine_done(&machine);
    }
}

TEST(descriptors_that_are_refused) {
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "line 1: it is not XML"},
        {"<domain/>", "line 1: it is not a descriptor of OVF"},
        {"<!DOCTYPE e SYSTEM 'file:///etc/passwd'><Envelope/>",
         "it has a document type, which no descriptor of OVF has"},
        {"<Envelope/>", "it has no machine"},
        {"<Envelope><Section/><Content ovf:id='a'/></Envelope>",
         "it is of OVF 0.9, from before the standard: export it as OVF 1.0"},
        {"<Envelope><VirtualSystemCollection/></Envelope>", "it has more than one machine"},
        {"<Envelope><VirtualSystem/><VirtualSystem/></Envelope>", "it has more than one machine"},
        {HEAD FILES SYSTEM("a", HARDWARE(ITEM(17, HOST("ovf:/disk/d9")))),
         "the disk \"d9\" is not in its list of disks"},
        {HEAD FILES SYSTEM("a", HARDWARE(ITEM(17, ""))), "the disk \"\" is not in its list"},
        {HEAD "<DiskSection><Disk diskId='d' fileRef='f'/></DiskSection>" SYSTEM(
             "a", HARDWARE(ITEM(17, HOST("ovf:/disk/d")))),
         "the disk \"d\" is in no file that is named"},
        {HEAD "<References><File id='f' href='x.gz' compression='gzip'/></References>"
              "<DiskSection><Disk diskId='d' fileRef='f'/></DiskSection>" SYSTEM(
                  "a", HARDWARE(ITEM(17, HOST("ovf:/disk/d")))),
         "the disk \"d\" is compressed as a file: unpack the OVA by `tar -xf`"},
        {HEAD "<References><File id='f' href='x' chunkSize='9'/></References>"
              "<DiskSection><Disk diskId='d' fileRef='f'/></DiskSection>" SYSTEM(
                  "a", HARDWARE(ITEM(17, HOST("ovf:/disk/d")))),
         "the disk \"d\" is in pieces"},
        {HEAD "<DiskSection><Disk diskId='d' parentRef='p'/></DiskSection>" SYSTEM(
             "a", HARDWARE(ITEM(17, HOST("ovf:/disk/d")))),
         "the disk \"d\" is only the difference to another one"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct foreign_machine machine;
        struct error error = {0};
        CHECK(!read_ovf(rows[i].text, &machine, &error));
        CHECK_CONTAINS(error.text, rows[i].says);
        CHECK(!machine.name && machine.disk_count == 0);
    }
}

TEST(too_many_of_everything) {
    static const struct {
        const char *before, *each, *after, *says;
        size_t count;
    } rows[] = {
        {"<Envelope><References>", "<File/>", "", "too many files", OVF_READ_FILES_MAX + 1},
        {"<Envelope><DiskSection>", "<Disk/>", "", "too many disks", FOREIGN_DISKS_MAX + 1},
        {"<Envelope><VirtualSystem><VirtualHardwareSection>",
         "<Item><ResourceType>17</ResourceType></Item>", "", "too many disks",
         FOREIGN_DISKS_MAX + 1},
        {"<Envelope>", "<a>", "", "too many elements", 40},
        {"<Envelope><VirtualSystem><Name>", "0123456789", "</Name></VirtualSystem></Envelope>",
         "a value is too long", 500},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer text = {0};
        struct foreign_machine machine;
        struct error error = {0};
        buffer_puts(&text, rows[i].before);
        for (size_t j = 0; j < rows[i].count; j++)
            buffer_puts(&text, rows[i].each);
        buffer_puts(&text, rows[i].after);
        CHECK(!ovf_read(text.data, text.length, &machine, &error));
        CHECK_CONTAINS(error.text, rows[i].says);
        buffer_done(&text);
    }
}

/* --- manifests --- */

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

/* --- archives --- */

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

/* --- disks --- */

static void put_little(unsigned char *bytes, uint64_t value, size_t count) {
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
}

static void make_vmdk(unsigned char bytes[1024], uint64_t capacity, const char *descriptor) {
    memset(bytes, 0, 1024);
    memcpy(bytes, "KDMV", 4);
    put_little(bytes + 4, 3, 4);
    put_little(bytes + 12, capacity, 8);
    put_little(bytes + 28, 1, 8);
    put_little(bytes + 36, 1, 8);
    memcpy(bytes + 512, descriptor, strlen(descriptor));
}

TEST(disks_that_would_open_others_are_refused) {
    static const struct {
        const char *start, *descriptor, *says;
        uint64_t capacity;
    } rows[] = {
        {NULL, "parentCID=ffffffff\n", NULL, 2048},
        {NULL, "parentFileNameHint=\"/etc/shadow\"", "is only the difference to another disk",
         2048},
        {NULL, "RW 9 FLAT \"/etc/shadow\" 0", "does not say how large its disk is", 0},
        {NULL, "", "impossible numbers", UINT64_MAX},
        {NULL, "", "is a disk of more than 1 MiB", 4096},
        {"# Disk DescriptorFile\nRW 9 FLAT \"/etc/shadow\" 0", "", "is only the descriptor", 0},
        {"conectix", "", "is neither a VMDK nor a qcow2", 2048},
        {"QFI\xfb", "", "is not an intact qcow2 disk image", 2048},
    };
    scoped(alloc_release) char *path = scratch_path("disk");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned char bytes[1024];
        char file[1200] = "before it";
        struct error error = {0};
        enum disk_slice_format format;
        make_vmdk(bytes, rows[i].capacity, rows[i].descriptor);
        if (rows[i].start)
            memcpy(bytes, rows[i].start, strlen(rows[i].start) + 1);
        memcpy(file + 100, bytes, sizeof bytes);
        scratch_write(path, file, sizeof file, 0600);
        const struct disk_slice slice = {path, "d.vmdk", 100, sizeof bytes};
        bool good = disk_slice_check(&slice, 1 << 20, &format, &error);
        CHECK(good == !rows[i].says);
        CHECK_CONTAINS(good ? "d.vmdk" : error.text, "d.vmdk");
        CHECK_CONTAINS(good ? "" : error.text, rows[i].says ? rows[i].says : "");
    }
}

int main(void) {
    return test_run();
}
