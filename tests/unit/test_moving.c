/* The forms of other engines, whole: libvirt's is validated by its schema, the others by what is in
 * the types beside them (golden/engines/check_engines.py). */
#include "cloudinit/seed_document.h"
#include "golden.h"
#include "home/moving/export.h"
#include "home/moving/export_form.h"
#include "home/moving/export_guide.h"
#include "home/moving/export_stage.h"
#include "home/moving/incus_instance.h"
#include "home/moving/kubevirt_machine.h"
#include "home/moving/libvirt_domain.h"
#include "home/moving/libvirt_read.h"
#include "home/moving/xml_reader.h"
#include "home/moving/xml_writer.h"
#include "scratch.h"

#include <sys/stat.h>
#include <unistd.h>

static struct store_disk disks[] = {{.name = "data", .bytes = UINT64_C(50) << 30}};
static struct store_nic nics[] = {
    {.position = 1, .kind = "bridge", .interface = "br1", .mac = "52:54:00:12:34:57"},
    {.position = 3,
     .kind = "multicast",
     .interface = "239.1.2.3:45678",
     .mac = "52:54:00:12:34:58",
     .ip4 = "10.1.0.5/24",
     .network = 1,
     .network_name = "lan"}};
static struct store_forward forwards[] = {
    {.host_address = "127.0.0.1", .host_port = 8080, .guest_port = 80}};

static const struct instance_facts plain = {
    .cloud = {.network = "user"},
    .instance = {.name = "web",
                 .arch = "aarch64",
                 .machine = "virt-7.2",
                 .image = "debian-12",
                 .uuid = "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
                 .mac = "52:54:00:12:34:56",
                 .vcpu = 2,
                 .ram_mib = 1024,
                 .disk_bytes = UINT64_C(5) << 30,
                 .ssh_port = 10022,
                 .created_ms = 1763900000456},
    .forwards = {forwards, 1},
};
static const struct instance_facts full = {
    .cloud = {.network = "bridge", .interface = "br0"},
    .instance = {.name = "db",
                 .arch = "x86_64",
                 .image = "debian-12",
                 .uuid = "1b4e28ba-2fa1-41d2-883f-0016d3cca428",
                 .mac = "52:54:00:12:34:56",
                 .ip4 = "172.16.3.5",
                 .vcpu = 12,
                 .ram_mib = 16384,
                 .disk_bytes = UINT64_C(20) << 30,
                 .autostart = true,
                 .nested = true,
                 .created_ms = 1763900000456},
    .disks = {disks, 1},
    .nics = {nics, 2},
};
static const struct export_form forms[] = {
    {.facts = &plain,
     .folder = "/srv/a & b/web",
     .emulated = true,
     .documents = {"instance-id: web-1-0a1b2c3d\n", "#cloud-config\n{}\n", "", "version: 2\n"}},
    {.facts = &full,
     .folder = "/srv/db",
     .has_arguments = true,
     .documents = {"instance-id: db-1-0a1b2c3d\n", "#cloud-config\n{}\n", "", "version: 2\n"}},
};

static void check_form(const struct export_form *form, const char *file,
                       bool (*write)(const struct export_form *, struct buffer *, struct error *)) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *path =
        alloc_printf("golden/engines/%s-%s", form->facts->instance.name, file);
    struct error error = {0};
    CHECK(write(form, &text, &error));
    CHECK_STRING(error.text, "");
    golden_check(path, &text);
}

TEST(forms_are_the_recorded_ones) {
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        check_form(&forms[i], "domain.xml", libvirt_domain_write);
        check_form(&forms[i], "incus-metadata.yaml", incus_instance_write_metadata);
        check_form(&forms[i], "incus-instance.yaml", incus_instance_write);
        check_form(&forms[i], "kubevirt-vm.yaml", kubevirt_machine_write);
        check_form(&forms[i], "kubevirt-seed.yaml", kubevirt_machine_write_seed);
    }
}

TEST(guides_are_the_recorded_ones) {
    static const char *const words[] = {"libvirt", "incus", "kubevirt"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        for (size_t engine = 0; engine < sizeof words / sizeof *words; engine++) {
            scoped(buffer_done) struct buffer text = {0};
            scoped(alloc_release) char *path = alloc_printf(
                "golden/engines/%s-%s.md", forms[i].facts->instance.name, words[engine]);
            export_guide_write((enum export_engine)engine, &forms[i], &text);
            golden_check(path, &text);
        }
}

TEST(engines_by_their_words) {
    struct error error = {0};
    enum export_engine engine = EXPORT_LIBVIRT;
    CHECK(export_engine_from_word("kubevirt", &engine, &error));
    CHECK_INT(engine, EXPORT_KUBEVIRT);
    CHECK(!export_engine_from_word("qemu\x1b[2J", &engine, &error));
    CHECK_INT(error.code, ERROR_USAGE);
    CHECK_CONTAINS(error.text, "\"qemu\\x1B[2J\" is no engine: use libvirt, incus or kubevirt");
}

TEST(xml_escapes_what_it_can_and_refuses_the_rest) {
    static const struct {
        const char *text, *expected; /* NULL: refused */
    } rows[] = {
        {"a<b>&'\"\n\tc", "<x y='a&lt;b&gt;&amp;&apos;&quot;&#10;&#9;c'/>\n"},
        {"gr\xc3\xbc\xc3\x9f", "<x y='gr\xc3\xbc\xc3\x9f'/>\n"},
        {"", "<x y=''/>\n"},
        {"\x1b", NULL},
        {"\x7f", NULL},
        {"\xff", NULL},
        {"\xc3", NULL},
        {"\xc0\xaf", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scoped(buffer_done) struct buffer text = {0};
        struct xml_writer writer = {0};
        struct error error = {0};
        xml_writer_begin(&writer, "x");
        xml_writer_attribute(&writer, "y", "%s", rows[i].text);
        xml_writer_end(&writer);
        bool good = xml_writer_finish(&writer, "the domain", &text, &error);
        CHECK_INT(good, rows[i].expected != NULL);
        if (good)
            CHECK_STRING(text.data, rows[i].expected);
        else
            CHECK_CONTAINS(error.text, "the domain would hold a control character");
    }
}

/* --- reading a domain --- */

static void check_read(const char *text, struct foreign_machine *machine) {
    struct error error = {0};
    CHECK(libvirt_read(text, strlen(text), machine, &error));
    CHECK_STRING(error.text, "");
}

static void check_web(const struct foreign_machine *machine) {
    uint64_t ram_mib = 0;
    CHECK_STRING(machine->kind, "qemu");
    CHECK_STRING(machine->name, "web");
    CHECK_STRING(machine->uuid, plain.instance.uuid);
    CHECK_STRING(machine->arch, "aarch64");
    CHECK_STRING(machine->machine, "virt-7.2");
    CHECK_STRING(machine->firmware, "efi");
    CHECK_STRING(machine->vcpu, "2");
    CHECK(foreign_machine_ram(machine, &ram_mib));
    CHECK_INT(ram_mib, 1024);
    CHECK_INT(machine->nic_count, 1);
    CHECK_STRING(machine->macs[0], plain.instance.mac);
}

TEST(what_was_written_is_read) {
    scoped(buffer_done) struct buffer text = {0};
    struct foreign_machine machine;
    CHECK(libvirt_domain_write(&forms[0], &text, NULL));
    check_read(text.data, &machine);
    check_web(&machine);
    CHECK_INT(machine.disk_count, 2);
    CHECK_STRING(machine.disks[0].file, "/srv/a & b/web/disk.qcow2");
    CHECK_STRING(machine.disks[0].order, "1");
    CHECK(!machine.disks[0].read_only && machine.disks[1].read_only);
    foreign_machine_done(&machine);
    CHECK(!machine.name && !machine.disk_count);
}

TEST(what_only_looks_like_it_is_not_taken) {
    struct foreign_machine machine;
    check_read("<domain type='kvm'><x><name>wrong</name></x><name>first</name><name>second</name>"
               "<devices><disk><source dev='/dev/sda'/><x><source file='/wrong'/></x>"
               "<mirror><source file='/wrong'/></mirror></disk><controller><serial>wrong</serial>"
               "</controller></devices><memory unit='furlong'>4</memory></domain>",
               &machine);
    uint64_t ram_mib;
    CHECK_STRING(machine.name, "first");
    CHECK_INT(machine.disk_count, 1);
    CHECK(!machine.disks[0].file && !machine.disks[0].serial);
    CHECK(!foreign_machine_ram(&machine, &ram_mib));
    foreign_machine_done(&machine);
}

static void refuse(const char *text, size_t length, const char *says) {
    struct foreign_machine machine;
    struct error error = {0};
    CHECK(!libvirt_read(text, length, &machine, &error));
    CHECK_INT(error.code, ERROR_INVALID);
    CHECK_CONTAINS(error.text, says);
    CHECK(!strchr(error.text, '\n') && !machine.name && !machine.disk_count);
}

static void refuse_repeated(const char *before, const char *each, size_t count, const char *says) {
    struct buffer text = {0};
    buffer_puts(&text, before);
    for (size_t i = 0; i < count; i++)
        buffer_puts(&text, each);
    refuse(text.data, text.length, says);
    buffer_done(&text);
}

TEST(hostile_domains_are_refused) {
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "line 1: it is not XML"},
        {"[1, 2]", "line 1: it is not XML"},
        {"<domain>\n<name>x</domain>", "line 2: it is not XML (mismatched tag)"},
        {"<domain><name>a\xff</name></domain>", "it is not XML"},
        {"<domain a='1' a='2'/>", "it is not XML (duplicate attribute)"},
        {"<domain/><domain/>", "it is not XML"},
        {"<network><name>x</name></network>", "line 1: it is not a domain of libvirt"},
        {"<domain><name>&lol;</name></domain>", "it is not XML (undefined entity)"},
        {"<!DOCTYPE domain [<!ENTITY a 'aaaa'>]><domain><name>&a;</name></domain>",
         "line 1: it has a document type"},
        {"<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain/>", "it has a document type"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuse(rows[i].text, strlen(rows[i].text), rows[i].says);
    refuse_repeated("", "<domain>", 100000, "too many elements");
    refuse_repeated("<domain>", "<a/>", 30000, "too many elements");
    refuse_repeated("<domain><devices>", "<disk/>", 17, "too many disks");
    refuse_repeated("<domain><devices>", "<interface/>", 17, "too many network cards");
    refuse_repeated("<domain><name>", "long ", 100000, "it is not XML");
    refuse_repeated("<domain><name>", "x", 2 << 20, "it is longer than 1024 KiB");
    refuse_repeated("<domain type='", "x", 5000, "it is not XML");
    struct buffer text = {0};
    buffer_puts(&text, "<domain><name>");
    for (int i = 0; i < 5000; i++)
        buffer_putc(&text, 'x');
    buffer_puts(&text, "</name></domain>");
    refuse(text.data, text.length, "line 1: a value is too long");
    buffer_done(&text);
}

TEST(memory_in_every_unit) {
    static const struct {
        char *number, *unit;
        uint64_t mib; /* 0: refused */
    } rows[] = {{"262144", NULL, 256}, {"1", "GiB", 1024}, {"1000", "MB", 954},
                {"1", "b", 1},         {"4096", "k", 4},   {"0", "MiB", 0},
                {"-1", "MiB", 0},      {"1", "EiB", 0},    {"99999999999999999999", "MiB", 0},
                {NULL, "MiB", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct foreign_machine machine = {.memory = rows[i].number,
                                                .memory_unit = rows[i].unit};
        uint64_t mib = 0;
        CHECK_INT(foreign_machine_ram(&machine, &mib), rows[i].mib != 0);
        CHECK_INT(mib, rows[i].mib);
    }
}

/* --- the folder --- */

static void expect_open(const char *path, struct export_stage *stage) {
    struct error error = {0};
    CHECK(export_stage_open(path, stage, &error));
    CHECK_STRING(error.text, "");
}
static void expect_no_open(const char *path, enum error_code code, const char *says) {
    struct export_stage stage;
    struct error error = {0};
    CHECK(!export_stage_open(path, &stage, &error));
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, says);
    export_stage_close(&stage);
}

TEST(a_folder_comes_whole_or_not_at_all) {
    scoped(alloc_release) char *path = scratch_path("out");
    scoped(alloc_release) char *slashed = alloc_printf("%s//", path);
    scoped(alloc_release) char *part = alloc_printf("%s.part", path);
    struct export_stage stage;
    struct stat status;
    expect_open(slashed, &stage);
    CHECK_STRING(stage.path, path);
    CHECK(stat(part, &status) == 0 && (status.st_mode & 07777) == 0700);
    expect_no_open(path, ERROR_WRONG_STATE, "another process is writing");
    export_stage_close(&stage); /* it failed */
    CHECK(!file_exists(part) && !file_exists(path));
    expect_open(path, &stage);
    CHECK(export_stage_commit(&stage, NULL));
    export_stage_close(&stage);
    CHECK(file_exists(path) && !file_exists(part));
    expect_no_open(path, ERROR_EXISTS, "exists already: choose another folder");
}

/* All of it is synced: what cannot be is no export. */
TEST(a_folder_whose_files_do_not_reach_the_disk_does_not_come) {
    scoped(alloc_release) char *path = scratch_path("unsynced");
    scoped(alloc_release) char *file = alloc_printf("%s.part/disk.qcow2", path);
    struct export_stage stage;
    struct error error = {0};
    expect_open(path, &stage);
    CHECK(symlink("/nonexistent", file) == 0);
    CHECK(!export_stage_commit(&stage, &error));
    CHECK_CONTAINS(error.text, "cannot write ");
    export_stage_close(&stage);
    CHECK(!file_exists(path));
}

/* Killed at the very last: nothing but the folder's name is missing. */
TEST(one_that_was_killed_before_it_had_its_name_is_replaced_too) {
    scoped(alloc_release) char *path = scratch_path("nameless");
    scoped(alloc_release) char *part = alloc_printf("%s.part", path);
    scoped(alloc_release) char *taken = alloc_printf("%s/taken", path);
    struct export_stage stage;
    expect_open(path, &stage);
    CHECK(mkdir(path, 0700) == 0 && mkdir(taken, 0700) == 0); /* rename(2) fails */
    CHECK(!export_stage_commit(&stage, NULL));
    file_release(&stage.lock);
    alloc_replace(&stage.folder, NULL);
    export_stage_close(&stage);
    CHECK(file_exists(part));
    CHECK(rmdir(taken) == 0 && rmdir(path) == 0);
    expect_open(path, &stage);
    CHECK(stage.replaced);
    CHECK(export_stage_commit(&stage, NULL));
    export_stage_close(&stage);
    CHECK(rmdir(path) == 0); /* no marker is left */
}

TEST(what_a_killed_one_left_is_replaced_and_nothing_else) {
    scoped(alloc_release) char *path = scratch_path("killed");
    scoped(alloc_release) char *part = alloc_printf("%s.part", path);
    scoped(alloc_release) char *file = alloc_printf("%s/disk.qcow2", part);
    scoped(alloc_release) char *dangling = scratch_path("dangling");
    struct export_stage stage;
    expect_open(path, &stage);
    CHECK(file_write(file, "half", 4, 0600, NULL));
    file_release(&stage.lock); /* as the kernel does */
    alloc_replace(&stage.folder, NULL);
    export_stage_close(&stage);
    CHECK(file_exists(file));
    expect_open(path, &stage);
    CHECK(stage.replaced && !file_exists(file));
    export_stage_close(&stage);
    CHECK(mkdir(part, 0700) == 0);
    CHECK(file_write(file, "mine", 4, 0600, NULL));
    expect_no_open(path, ERROR_EXISTS, "is in the way: move it away");
    CHECK(file_content_equals(file, "mine", 4));
    CHECK(symlink("/nonexistent", dangling) == 0);
    expect_no_open(dangling, ERROR_EXISTS, "exists already");
    expect_no_open("/nonexistent/folder/out", ERROR_FAILED, "cannot create the folder");
}

int main(void) {
    return test_run();
}
