/* Machines from domains of libvirt that pgsup did not write: what is taken, what is left out and
 * told, and what is refused without a trace. */
#include "cloud_home.h"
#include "home/facts.h"
#include "home/moving/import.h"
#include "home/seed/seed_drive.h"
#include "store/disk_table.h"
#include "store/guest_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct home home;

#define HEAD                                                                                       \
    "<domain type='kvm'><name>db</name><uuid>1b4e28ba-2fa1-41d2-883f-0016d3cca428</uuid>"          \
    "<memory unit='MiB'>512</memory><vcpu>2</vcpu><os firmware='efi'>"                             \
    "<type arch='aarch64' machine='virt-6.1'>hvm</type></os>"
#define CARD "<interface type='network'><mac address='52:54:00:AB:00:01'/></interface>"
#define DISK(format, file)                                                                         \
    "<disk type='file'><driver type='" format "'/><source file='" file "'/>"                       \
    "<target dev='vda'/></disk>"
#define TAIL "</devices></domain>"

static char *make_disk(const char *name, const char *format, const char *size) {
    char *path = scratch_path(name);
    char *argv[] = {"qemu-img", "create", "-q", "-f", (char *)format, path, (char *)size, NULL};
    run_program(argv);
    return path;
}

static char *write_domain(const char *name, const char *text) {
    char *path = scratch_path(name);
    scratch_write(path, text, strlen(text), 0644);
    return path;
}

static bool import(const char *text, const char *name, struct store_instance *made,
                   struct strv *notes, struct error *error) {
    scoped(alloc_release) char *path = write_domain("domain.xml", text);
    return import_run(&home, &(struct import_request){.path = path, .name = name, .pgsup = "0"},
                      made, notes, error);
}

/* Every name in the home, and how large it is but for the store's. */
static char *entries(void) {
    scoped(alloc_release) char *script = alloc_printf(
        "cd '%s' && find . ! -name '*-shm' -exec ls -ldn {} + | awk '{print $1, $5, $NF}' | sort",
        home.path);
    char *argv[] = {"sh", "-c", script, NULL};
    return run_output(argv);
}

static void refuse(const char *text, const char *name, const char *says) {
    struct store_instance made = {0};
    struct strv notes = {0};
    struct error error = {0};
    scoped(alloc_release) char *before = entries();
    CHECK(!import(text, name, &made, &notes, &error));
    CHECK_CONTAINS(error.text, says);
    strv_done(&notes);
    scoped(alloc_release) char *after = entries();
    CHECK_STRING(after, before);
}

static bool tells(const struct strv *notes, const char *text) {
    for (size_t i = 0; i < notes->count; i++)
        if (strstr(notes->items[i], text))
            return true;
    return false;
}

static void open_home(const char *name) {
    struct cloud_options options = user_options();
    make_home(name, &options, &home);
}

TEST(a_domain_becomes_an_instance) {
    open_home("taken");
    free(make_disk("os.qcow2", "qcow2", "64M")); /* beside the domain */
    scoped(alloc_release) char *data = make_disk("data.raw", "raw", "8M");
    struct store_instance made = {0};
    struct strv notes = {0};
    struct store_disks disks = {0};
    struct error error = {0};
    scoped(alloc_release) char *text = alloc_printf(
        HEAD "<devices>"
             "<disk type='file' device='cdrom'><source file='/nonexistent/cd.iso'/></disk>" /* */
             "<disk type='file'><driver type='raw'/><source file='%s'/><target dev='vdb'/></disk>"
             "<disk type='file'><driver type='qcow2'/><source file='/moved/os.qcow2'/>"
             "<target dev='vda'/><boot order='1'/></disk>" CARD CARD TAIL,
        data);
    check_good(import(text, NULL, &made, &notes, &error), &error);
    CHECK_STRING(made.name, "db");
    CHECK_STRING(made.uuid, "1b4e28ba-2fa1-41d2-883f-0016d3cca428");
    CHECK_STRING(made.mac, "52:54:00:ab:00:01");
    CHECK_STRING(made.machine, "virt-6.1");
    CHECK_INT(made.vcpu, 2);
    CHECK_INT(made.ram_mib, 512);
    CHECK_INT(made.disk_bytes, 64 << 20);
    CHECK(tells(&notes, "1 more network card was left out"));
    CHECK(tells(&notes, "the cdrom /nonexistent/cd.iso was left out"));
    CHECK(tells(&notes, "its disk vda is a copy of "));
    CHECK(tells(&notes, "data.raw"));
    CHECK(tells(&notes, "no seed of it was found"));
    check_good(disk_table_list(home.store, made.id, &disks, &error), &error);
    CHECK_INT(disks.count, 1);
    CHECK_STRING(disks.items[0].name, "vdb");
    CHECK_INT(disks.items[0].bytes, 8 << 20);
    refuse(text, NULL, "this machine is there, as \"db\"");
    store_disks_done(&disks);
    store_instance_done(&made);
    strv_done(&notes);
    check_good(import(text, "other", &made, &notes, &error), &error);
    CHECK_STRING(made.name, "other");
    CHECK(strcmp(made.mac, "52:54:00:ab:00:01") != 0);
    store_instance_done(&made);
    strv_done(&notes);
    home_close(&home);
}

TEST(what_is_refused_leaves_no_trace) {
    open_home("refused");
    scoped(alloc_release) char *base = make_disk("base.qcow2", "qcow2", "64M");
    scoped(alloc_release) char *over = scratch_path("over.qcow2");
    free(make_disk("empty.qcow2", "qcow2", "0"));
    char *argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", "-F",
                    "qcow2",    "-b",     base, over, NULL};
    run_program(argv);
    static const struct {
        const char *text, *name, *says;
    } rows[] = {
        {HEAD "<devices>" CARD TAIL, NULL, "it has no disk that can be written to"},
        {HEAD "<devices>" DISK("qcow2", "base.qcow2") TAIL, NULL, "no network card with a MAC"},
        {HEAD
         "<devices><disk type='block'><source dev='/dev/sda'/><target dev='vda'/></disk>" CARD TAIL,
         NULL, "the disk vda is no file"},
        {HEAD "<devices>" DISK("vmdk", "base.qcow2") CARD TAIL, NULL, "is of the format \"vmdk\""},
        {HEAD "<devices>" DISK("qcow2", "over.qcow2") CARD TAIL, NULL, "depends on a backing file"},
        {HEAD "<devices>" DISK("qcow2", "/dev/zero") CARD TAIL, NULL, "/dev/zero"},
        {HEAD "<devices>" DISK("qcow2", "empty.qcow2") CARD TAIL, NULL,
         "domain.xml: the disk that it boots from is empty"},
        {HEAD "<devices>" DISK("qcow2", "none.qcow2") CARD TAIL, NULL, "none.qcow2"},
        {HEAD "<devices>" DISK("qcow2", "domain.xml") CARD TAIL, NULL, "domain.xml"},
        {HEAD "<devices>" DISK("qcow2", "base.qcow2") CARD TAIL, "no/name", "\"no/name\""},
        {"<domain><name>A B</name></domain>", NULL, "--as NAME makes an instance of another name"},
        {"<domain/>", NULL, "it has no name: --as NAME"},
        {"<domain><name>db</name><os><type arch='riscv64'/></os></domain>", NULL,
         "its architecture is \"riscv64\""},
        {"<domain><name>db</name><os><type arch='aarch64'/></os><vcpu>0</vcpu></domain>", NULL,
         "no usable number of processors"},
        {"<domain><name>db</name><os><type arch='aarch64'/></os><vcpu>65</vcpu></domain>", NULL,
         "no usable number of processors, which is 1 to 64"},
        {"<domain><name>db</name><uuid>x</uuid><os><type arch='aarch64'/></os><vcpu>1</vcpu>"
         "<memory>65536</memory><devices>" CARD TAIL,
         NULL, "its UUID is not one"},
        {"<!DOCTYPE domain [<!ENTITY a SYSTEM '/etc/passwd'>]><domain><name>&a;</name></domain>",
         NULL, "it has a document type"},
        {"QFI\xfb", NULL, "is no OVA and no XML of a domain: for a disk it is `pgsup image import"},
        {"", NULL, "no XML of a domain"},
        {"\xef\xbb\xbf\n<domain", NULL, "it is not XML"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuse(rows[i].text, rows[i].name, rows[i].says);
    home_close(&home);
}

TEST(what_is_left_out_is_told) {
    open_home("told");
    free(make_disk("second.qcow2", "qcow2", "64M"));
    free(make_disk("tenth.qcow2", "qcow2", "8M"));
    struct store_instance made = {0};
    struct strv notes = {0};
    struct error error = {0};
    check_good(
        import(HEAD "<devices><disk type='file'><driver type='qcow2'/>"
                    "<source file='tenth.qcow2'/><target dev='vdb'/><boot order='10'/></disk>"
                    "<disk type='file'><driver type='qcow2'/><source file='second.qcow2'/>"
                    "<target dev='vda'/><boot order='2'/></disk>"
                    "<disk type='file'><source file='/srv/shared.qcow2'/><target dev='vdc'/>"
                    "<readonly/></disk>"
                    "<disk type='block' device='lun'><source dev='/dev/sdb'/><target dev='sda'/>"
                    "</disk><disk type='file' device='cdrom'><target dev='sdb'/></disk>" CARD TAIL,
               NULL, &made, &notes, &error),
        &error);
    CHECK(tells(&notes, "the read-only disk vdc was left out"));
    CHECK(tells(&notes, "the lun sda was left out"));
    CHECK(!tells(&notes, "sdb was left out"));
    CHECK_INT(made.disk_bytes, 64 << 20); /* 2 comes before 10 */
    strv_done(&notes);
    store_instance_done(&made);
    home_close(&home);
}

#define SEEDED                                                                                     \
    HEAD "<devices>" DISK("qcow2", "seeded.qcow2") "<disk type='file' device='cdrom'>"             \
                                                   "<source file='seed.img'/></disk>" CARD TAIL

TEST(its_seed_tells_who_it_is_but_not_who_another_is) {
    open_home("seeded");
    free(make_disk("seeded.qcow2", "qcow2", "64M"));
    scoped(alloc_release) char *folder = scratch_path("documents");
    scoped(alloc_release) char *meta = scratch_path("documents/meta-data");
    scoped(alloc_release) char *drive = scratch_path("seed.img");
    struct store_instance made = {0}, other = {0};
    struct strv notes = {0};
    struct error error = {0};
    check_good(file_make_directory(folder, 0700, &error), &error);
    scoped(alloc_release) char *user = scratch_path("documents/user-data");
    scoped(alloc_release) char *vendor = scratch_path("documents/vendor-data");
    scratch_write(meta, "instance-id: db-7\n", 18, 0600);
    scratch_write(user, "#cloud-config\n", 14, 0600);
    scratch_write(vendor, "#cloud-config\n", 14, 0600);
    check_good(seed_drive_write(drive, folder, NULL, NULL, &error), &error);
    check_good(import(SEEDED, NULL, &made, &notes, &error), &error);
    CHECK_STRING(made.instance_id, "db-7");
    CHECK(tells(&notes, "cloud-init in it does not begin anew"));
    strv_done(&notes);
    check_good(import(SEEDED, "other", &other, &notes, &error), &error);
    CHECK(strcmp(other.instance_id, "db-7") != 0);
    CHECK(tells(&notes, "cloud-init in it begins as on a new machine"));
    CHECK(!tells(&notes, "does not begin anew"));
    strv_done(&notes);
    store_instance_done(&made);
    store_instance_done(&other);
    home_close(&home);
}

/* One who opens a pipe waits, and takes away what is in it. */
TEST(a_pipe_is_no_seed_drive) {
    open_home("pipe");
    free(make_disk("behind.qcow2", "qcow2", "64M"));
    scoped(alloc_release) char *pipe = scratch_path("cd");
    struct store_instance made = {0};
    struct strv notes = {0};
    struct error error = {0};
    char byte = 'a';
    CHECK(mkfifo(pipe, 0600) == 0);
    int fd = open(pipe, O_RDWR | O_NONBLOCK);
    CHECK(write(fd, &byte, 1) == 1);
    check_good(
        import(
            HEAD "<devices>" DISK(
                "qcow2",
                "behind.qcow2") "<disk type='file' "
                                "device='cdrom'><source file='cd'/><target dev='sda'/></disk>" CARD
                                    TAIL,
            NULL, &made, &notes, &error),
        &error);
    CHECK(tells(&notes, "the cdrom sda was left out"));
    CHECK(read(fd, &byte, 1) == 1);
    close(fd);
    strv_done(&notes);
    store_instance_done(&made);
    home_close(&home);
}

/* --- a folder --- */

static bool import_folder(const char *folder, const char *text, struct strv *notes,
                          struct error *error) {
    struct store_instance made = {0};
    scoped(alloc_release) char *domain = alloc_printf("%s/domain.xml", folder);
    scratch_write(domain, text, strlen(text), 0644);
    bool good = import_run(&home, &(struct import_request){.path = folder, .pgsup = "0"}, &made,
                           notes, error);
    store_instance_done(&made);
    return good;
}

/* From anybody: it takes no file but those in it. */
TEST(a_folder_takes_nothing_from_elsewhere) {
    open_home("escape");
    scoped(alloc_release) char *secret = make_disk("secret.raw", "raw", "1M");
    scoped(alloc_release) char *folder = scratch_path("export");
    scoped(alloc_release) char *link = alloc_printf("%s/secret.raw", folder);
    struct strv notes = {0};
    struct error error = {0};
    check_good(file_make_directory(folder, 0700, &error), &error);
    scoped(alloc_release) char *text =
        alloc_printf(HEAD "<devices><disk type='file'><driver type='raw'/><source file='%s'/>"
                          "<target dev='vda'/></disk>" CARD TAIL,
                     secret);
    CHECK(!import_folder(folder, text, &notes, &error));
    CHECK_CONTAINS(error.text, "cannot read ");
    CHECK_CONTAINS(error.text, "/export/secret.raw");
    error_clear(&error);
    CHECK(symlink(secret, link) == 0);
    CHECK(!import_folder(folder, text, &notes, &error));
    CHECK_CONTAINS(error.text, "/export/secret.raw is not a regular file, as all of an export are");
    error_clear(&error);
    CHECK(unlink(link) == 0);
    free(make_disk("export/secret.raw", "raw", "2M"));
    check_good(import_folder(folder, text, &notes, &error), &error);
    CHECK(!tells(&notes, "is a copy of"));
    strv_done(&notes);
    home_close(&home);
}

TEST(a_folder_that_is_nothing) {
    open_home("nothing");
    struct store_instance made = {0};
    struct strv notes = {0};
    struct error error = {0};
    CHECK(!import_run(&home, &(struct import_request){.path = home.run, .pgsup = "0"}, &made,
                      &notes, &error));
    CHECK_CONTAINS(error.text, "has no manifest.json, as a backup has, no domain.xml");
    error_clear(&error);
    CHECK(!import_run(&home, &(struct import_request){.path = "/nonexistent", .pgsup = "0"}, &made,
                      &notes, &error));
    CHECK_CONTAINS(error.text, "cannot read /nonexistent");
    home_close(&home);
}

int main(void) {
    return test_run();
}
