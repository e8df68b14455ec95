/* Saved memory: the tag that tells of it, and how it is found in real qcow2 disks, and in damaged
 * ones. */
#include "base/alloc.h"
#include "home/snapshot/suspension.h"
#include "home/snapshot/unsuspended.h"
#include "host/saved_memory.h"
#include "machine/core/suspend_tag.h"
#include "scratch.h"
#include "test.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAG           SUSPEND_TAG "7.2:virt-7.2,tcg,1cpu,64M,nics=0"
#define FILE_CLOCK_MS 30 /* more than a tick of the kernel, by which it tells files' times */

static void shell(char *command) { /* stolen */
    CHECK_INT(system(command), 0);
    free(command);
}

static void put(const char *path, const char *what) { /* pattern, offset, length */
    shell(alloc_printf("qemu-io -f qcow2 -c 'write -P %s' '%s' >/dev/null", what, path));
}

static char *disk(const char *name) {
    char *path = scratch_path(name);
    shell(alloc_printf("qemu-img create -q -f qcow2 '%s' 64M", path));
    put(path, "1 0 1M");
    return path;
}

/* NULL: none. */
static void expect_tag(const char *path, const char *tag, bool fits) {
    struct saved_memory saved;
    struct error error = {0};
    CHECK(saved_memory_read(path, &saved, &error));
    CHECK_STRING(saved.tag ? saved.tag : "none", tag ? tag : "none");
    CHECK_INT(saved.fits, fits);
    CHECK(!tag || saved.saved_ms > 1600000000000);
    saved_memory_done(&saved);
}

TEST(a_disk_tells_whether_it_holds_memory_that_fits) {
    char *path = disk("one.qcow2");
    expect_tag(path, NULL, false);
    shell(alloc_printf("qemu-img snapshot -c other '%s'", path));
    expect_tag(path, NULL, false);
    shell(alloc_printf("qemu-img snapshot -c '" TAG "' '%s'", path));
    expect_tag(path, TAG, true);
    shell(alloc_printf("qemu-img snapshot -c later '%s'", path));
    expect_tag(path, TAG, true);
    put(path, "2 512 512");
    expect_tag(path, TAG, false);
    shell(alloc_printf("qemu-img snapshot -d '" TAG "' '%s'", path));
    expect_tag(path, NULL, false);
    free(path);
}

TEST(a_write_where_nothing_was_is_seen_too) {
    char *path = disk("two.qcow2");
    shell(alloc_printf("qemu-img snapshot -c '" TAG "' '%s'", path));
    put(path, "2 60M 512");
    expect_tag(path, TAG, false);
    free(path);
}

TEST(what_is_no_disk_holds_none) {
    char *path = scratch_path("none");
    expect_tag(path, NULL, false);
    shell(alloc_printf("echo hello >'%s'", path));
    expect_tag(path, NULL, false);
    free(path);
}

/* Each lays bytes over its header. */
TEST(a_list_that_makes_no_sense_is_told) {
    static const struct {
        const char *at, *bytes;
    } rows[] = {
        {"60", "\\377\\377\\377\\377"}, /* snapshots */
        {"64", "\\177\\377\\377\\377"}, /* where they are */
        {"20", "\\0\\0\\0\\77"},        /* size of a cluster */
    };
    char *path = disk("three.qcow2");
    shell(alloc_printf("qemu-img snapshot -c '" TAG "' '%s'", path));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct saved_memory saved;
        struct error error = {0};
        char *copy = scratch_path("copy");
        char *patch = alloc_printf("printf '%s' | dd of='%s' bs=1 seek=%s conv=notrunc 2>/dev/null",
                                   rows[i].bytes, copy, rows[i].at);
        shell(alloc_printf("cp '%s' '%s'", path, copy));
        shell(patch);
        CHECK(!saved_memory_read(copy, &saved, &error));
        CHECK_CONTAINS(error.text, "the list of snapshots in");
        free(copy);
    }
    free(path);
}

TEST(a_first_table_that_is_too_short_fits_nothing) {
    char *path = disk("four.qcow2");
    shell(alloc_printf("qemu-img snapshot -c '" TAG "' '%s'", path));
    shell(alloc_printf(
        "printf '\\0\\0\\177\\377\\0\\0\\0\\0' | dd of='%s' bs=1 seek=24 conv=notrunc 2>/dev/null",
        path));
    expect_tag(path, TAG, false);
    free(path);
}

static int64_t later_ms; /* they are asked for so much later than it is */

/* How many disks of vm0 ... have memory in them, and how many had to be read of those without. */
static void expect_of_all(const struct home *home, unsigned with_memory, size_t read) {
    struct unsuspended disks;
    unsigned found = 0;
    unsuspended_open(&disks, home);
    disks.now_ms += later_ms;
    for (int i = 0; i < UNSUSPENDED_WORTH; i++) {
        struct saved_memory saved;
        struct error error = {0};
        char name[8];
        snprintf(name, sizeof name, "vm%d", i);
        CHECK(unsuspended_read(&disks, name, &saved, &error));
        found += saved.tag != NULL;
        saved_memory_done(&saved);
    }
    CHECK_INT(found, with_memory);
    CHECK_INT(disks.fresh.length != 0, read != 0);
    unsuspended_close(&disks);
}

/* Makes the file as long as the other one. */
static void stretch(const struct home *home, const char *name, const char *other) {
    scoped(alloc_release) char *path = alloc_printf("%s/%s", home->path, name);
    scoped(alloc_release) char *from = alloc_printf("%s/%s", home->path, other);
    struct stat status = {0};
    CHECK(stat(from, &status) == 0 && truncate(path, status.st_size) == 0);
}

TEST(a_disk_known_to_hold_no_memory_is_read_again_once_it_was_written_to) {
    struct home home = {.path = scratch_path("home"), .run = scratch_path("home/run")};
    char *note = scratch_path("home/run/" UNSUSPENDED_NOTE), *all = scratch_path("home/instances");
    for (int i = 0; i < UNSUSPENDED_WORTH; i++)
        shell(alloc_printf("mkdir -p '%s' '%s/vm%d' && qemu-img create -q -f qcow2 "
                           "'%s/vm%d/os.qcow2' 64M",
                           home.run, all, i, all, i));
    shell(alloc_printf("touch -t 202001010000 '%s'/vm*/os.qcow2", all));
    later_ms = -60000;
    expect_of_all(&home, 0, 0); /* too young for a note, whatever their time says */
    CHECK(!file_exists(note));
    later_ms = 60000;
    expect_of_all(&home, 0, 1);
    CHECK(file_exists(note));
    expect_of_all(&home, 0, 0);
    shell(alloc_printf("qemu-img snapshot -c '" TAG "' '%s/vm3/os.qcow2'", all));
    expect_of_all(&home, 1, 0);
    shell(alloc_printf("touch -t 202001010000 '%s/vm3/os.qcow2'", all)); /* one that hides */
    expect_of_all(&home, 1, 0);
    shell(alloc_printf("cp '%s/vm3/os.qcow2' '%s/saved'", all, home.path));
    shell(alloc_printf("rm '%s/vm3/os.qcow2' && cp '%s/vm0/os.qcow2' '%s/vm3/os.qcow2'", all, all,
                       all));
    expect_of_all(&home, 0, 1);
    poll(NULL, 0, FILE_CLOCK_MS);
    stretch(&home, "instances/vm4/os.qcow2", "saved");
    shell(alloc_printf("touch -t 202001010000 '%s'/vm*/os.qcow2", all));
    CHECK_INT(unlink(note), 0);
    expect_of_all(&home, 0, 1);
    poll(NULL, 0, FILE_CLOCK_MS);
    shell(alloc_printf("cat '%s/saved' >'%s/vm4/os.qcow2'; " /* of the same size */
                       "touch -t 202001010000 '%s/vm4/os.qcow2'",
                       home.path, all, all));
    expect_of_all(&home, 1, 0);
    shell(alloc_printf("rm '%s/vm4/os.qcow2' && cp '%s/vm0/os.qcow2' '%s/vm4/os.qcow2'", all, all,
                       all));
    shell(alloc_printf("printf damaged >'%s'", note));
    expect_of_all(&home, 0, 1);
    free(home.path), free(home.run), free(note), free(all);
}

TEST(the_tag_tells_of_qemu_and_hardware) {
    static const struct spec_disk disks[] = {{"data", "/x"}, {"logs", "/y"}};
    static char *const extra[] = {"-device", "virtio-rng-pci", NULL};
    struct spec spec = {
        .machine = "virt-10.0",
        .accel = SPEC_KVM,
        .qemu = {.version = {10, 1}},
        .vcpu = 4,
        .ram_mib = 2048,
        .seed_drive = "/seed",
        .disks = disks,
        .disk_count = 2,
        .extra = extra,
        .nic_count = 2,
        .nics = {{.position = 0, .mac = "52:54:00:00:00:01"},
                 {SPEC_NET_VMNET_HELPER_HOST, .position = 3, .mac = "52:54:00:00:00:02"}}};
    char *tag = suspend_tag(&spec);
    CHECK_STRING(tag, "pgsup-suspended:10.1:virt-10.0,kvm,4cpu,2048M,nic0=user/52:54:00:00:00:01,"
                      "nic3=vmnet-helper-host/52:54:00:00:00:02,seed,+data,+logs,args=47e440e4");
    CHECK(suspend_tag_is(tag));
    CHECK(suspend_tag_has_disk(tag, "data") && suspend_tag_has_disk(tag, "logs"));
    CHECK(!suspend_tag_has_disk(tag, "dat") && !suspend_tag_has_disk(tag, "data2"));
    CHECK(!suspend_tag_has_disk(tag, "") && !suspend_tag_has_disk("", "data"));
    char *version = suspend_tag_version(tag);
    CHECK_STRING(version, "10.1");
    CHECK(strncmp(suspend_tag_hardware(tag), "virt-10.0,kvm", 13) == 0);
    free(version);
    free(tag);
    version = suspend_tag_version("pgsup-suspended");
    CHECK_STRING(version, "");
    CHECK_STRING(suspend_tag_hardware("pgsup-suspended:7"), "");
    free(version);
}

/* One and another network of a kind: whether the tag is another one. */
static void expect_moved(const struct spec *one, const struct spec *other, bool moved) {
    char *tag = suspend_tag(one), *now = suspend_tag_as(other, tag);
    CHECK(strlen(tag) < SUSPEND_TAG_SIZE);
    CHECK((strcmp(tag, now) != 0) == moved);
    free(now);
    free(tag);
}

static struct spec spec_of(enum spec_network network, const char *interface, size_t count) {
    struct spec spec = {
        .machine = "virt-10.0", .qemu = {.version = {10, 1}}, .vcpu = 1, .nic_count = count};
    for (size_t i = 0; i < count; i++)
        spec.nics[i] = (struct spec_nic){network, .mac = "52:54:00:00:00:01", .position = 1};
    spec.nics[count - 1].interface = interface;
    return spec;
}

TEST(the_tag_tells_which_network_of_a_kind) {
    static const struct {
        enum spec_network network;
        const char *one, *other;
        bool moved;
    } rows[] = {
        {SPEC_NET_MULTICAST, "239.1.2.3:20001", "239.1.2.3:20002", true},
        {SPEC_NET_MULTICAST, "239.1.2.3:20001", "239.1.2.3:20001", false},
        {SPEC_NET_BRIDGE, "br0", "br1", true},
        {SPEC_NET_PAIR, "/run/1/pair-0000aaaa.0", "/run/2/pair-0000aaaa.1", false},
        {SPEC_NET_PAIR, "/run/1/pair-0000aaaa.0", "/run/1/pair-0000bbbb.0", true},
        {SPEC_NET_TAP, "tap0", "tap1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t count = 1; count <= SPEC_NICS_MAX; count += SPEC_NICS_MAX - 1) {
            const struct spec one = spec_of(rows[i].network, rows[i].one, count);
            const struct spec other = spec_of(rows[i].network, rows[i].other, count);
            expect_moved(&one, &other, rows[i].moved);
        }
}

TEST(an_earlier_tag_is_compared_in_its_own_form) {
    static const char earlier[] = SUSPEND_TAG "10.1:virt-10.0,kvm,1cpu,0M,nics=1";
    struct spec spec = spec_of(SPEC_NET_MULTICAST, "239.1.2.3:20001", 1);
    spec.accel = SPEC_KVM;
    char *now = suspend_tag_as(&spec, earlier);
    CHECK_STRING(now, earlier);
    free(now);
}

TEST(the_longest_tag_is_not_cut_off) {
    struct spec_disk disks[SPEC_DISKS_MAX];
    static char *const extra[] = {"-x", NULL};
    struct spec spec = {.machine = "pc-q35-10.2",
                        .accel = SPEC_HVF,
                        .qemu = {.version = {10, 10}},
                        .vcpu = 1024,
                        .ram_mib = 99999999,
                        .nested = true,
                        .seed_drive = "/s",
                        .disks = disks,
                        .disk_count = SPEC_DISKS_MAX,
                        .extra = extra,
                        .nic_count = SPEC_NICS_MAX};
    for (size_t i = 0; i < SPEC_DISKS_MAX; i++)
        disks[i] = (struct spec_disk){"twenty-letters-name1", "/x"};
    for (unsigned i = 0; i < SPEC_NICS_MAX; i++)
        spec.nics[i] = (struct spec_nic){
            .network = SPEC_NET_VMNET_HELPER_HOST, .mac = "52:54:00:00:00:01", .position = i};
    char *tag = suspend_tag(&spec), *again = suspend_tag_as(&spec, tag);
    CHECK(strlen(tag) < SUSPEND_TAG_SIZE);
    CHECK_CONTAINS(tag, ",nics=01234567#");
    CHECK_STRING(again, tag);
    spec.nics[7].mac = "52:54:00:00:00:02";
    alloc_replace(&again, suspend_tag_as(&spec, tag));
    CHECK(strcmp(again, tag) != 0 && strlen(again) == strlen(tag));
    free(again);
    free(tag);
}

TEST(each_way_back_is_named) {
    static const struct {
        const char *then, *ways; /* NULL: it fits */
    } rows[] = {
        {"nics=0,+data,args=47e440e4", NULL},
        {"nics=0,+data,args=00000000", "(put qemu.args back as it was, and start it again)"},
        {"nics=0,nested,+data,args=00000000",
         "(set it back, put qemu.args back as it was, and start it again)"},
        {"nics=0,seed,args=47e440e4",
         "(set it back, remove a disk that its guest has not seen by `pgsup disk remove vm data`, "
         "and start it again)"},
        {"nics=01,+data,args=47e440e4", "(set it back, and start it again)"},
        {"nic0=user/52:54:00:00:00:01,+data,args=47e440e4", NULL},
        {"nic0=user/52:54:00:00:00:02,+data,args=47e440e4", "(set it back, and start it again)"},
        {"nic0=tap/52:54:00:00:00:01,+data,args=47e440e4",
         "tcg,1cpu,64M,nic0=user/52:54:00:00:00:01,+data,args=47e440e4 by now (set it back, and"},
        {"nics=0#00000000,+data,args=47e440e4", "(set it back, and start it again)"},
    };
    static const struct spec_disk disks[] = {{"data", "/x"}};
    static char *const extra[] = {"-device", "virtio-rng-pci", NULL};
    const struct spec spec = {.machine = "virt-7.2",
                              .accel = SPEC_TCG,
                              .qemu = {.version = {7, 2}},
                              .vcpu = 1,
                              .ram_mib = 64,
                              .disks = disks,
                              .disk_count = 1,
                              .extra = extra,
                              .nic_count = 1,
                              .nics = {{.mac = "52:54:00:00:00:01"}}};
    struct home home = {.path = scratch_path("ways"), .run = scratch_path("ways/run")};
    shell(alloc_printf("mkdir -p '%s/instances/vm'", home.path));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *path = disk("ways/instances/vm/os.qcow2");
        shell(alloc_printf("qemu-img snapshot -c '" SUSPEND_TAG
                           "7.2:virt-7.2,tcg,1cpu,64M,%s' '%s'",
                           rows[i].then, path));
        char *remark = suspension_remark(&home, "vm", &spec);
        CHECK(!remark == !rows[i].ways);
        CHECK_CONTAINS(remark ? remark : "", rows[i].ways ? rows[i].ways : "");
        free(remark), free(path);
    }
    free(home.path), free(home.run);
}

int main(void) {
    return test_run();
}
