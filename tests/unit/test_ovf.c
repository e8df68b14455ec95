/* Descriptors of machines from elsewhere: what of them is understood, and what is refused. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "home/moving/ovf_read.h"
#include "scratch.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(void) {
    return test_run();
}
