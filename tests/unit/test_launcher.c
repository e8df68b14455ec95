/* Goal: the grammar lets through what pgsup makes for a QEMU that starts as root, and nothing that
 * names a file; the real QEMU, started so, drops root before it opens the disks of its user. */
#include "base/alloc.h"
#include "base/strv.h"
#include "launcher/grammar.h"
#include "launcher/identity.h"
#include "machine/core/helper_argv.h"
#include "machine/core/qemu_argv.h"
#include "machine/vm_drives.h"
#include "specs.h"
#include "test.h"

#include <string.h>
#include <unistd.h>

static const struct identity user = {.uid = 501, .gid = 20};

static struct strv build(const struct spec *spec, const char *program, const char *run_as) {
    struct strv argv = {0};
    struct spec changed = *spec;
    changed.program = program;
    changed.extra = NULL;
    if (changed.seed_url && !changed.seed_source)
        changed.seed_source = "nocloud-net";
    const struct qemu_argv_launch launch = {
        .style = QEMU_ARGV_SUPERVISED,
        .pid_file = "/run/pid",
        .second_path = "/run/mon",
        .agent_path = "/run/qga",
        .qmp_fd = 3,
        .console_fd = 4,
        .helper_fd = 5,
        .run_as = run_as,
        .second_fd = 6,
        .agent_fd = 7,
    };
    qemu_argv_build(&changed, &launch, &argv);
    return argv;
}

static bool needs_root(const struct spec *spec) {
    for (size_t i = 0; i < spec->nic_count; i++)
        if (spec_network_traits(spec->nics[i].network)->needs_root)
            return true;
    return false;
}

/* A program whose path is root's on every system that these tests run on. */
#define PROGRAM "/usr/bin/qemu-system-aarch64"

TEST(what_pgsup_makes_for_root_is_allowed) {
    unsigned seen = 0;
    for (size_t i = 0; i < spec_case_count; i++) {
        const struct spec *spec = &spec_cases[i].spec;
        if (!needs_root(spec) || access(PROGRAM, X_OK) < 0)
            continue;
        bool stream = false;
        for (size_t n = 0; n < spec->nic_count; n++)
            stream |= spec->nics[n].network == SPEC_NET_SOCKET;
        scoped(strv_done) struct strv argv = build(spec, PROGRAM, "501:20");
        bool allowed = grammar_allows(argv.items, &user);
        CHECK_INT(allowed, !stream); /* a socket that a user can replace */
        if (allowed == stream)
            fprintf(stderr, "%s\n", spec_cases[i].name);
        for (size_t n = 0; n < argv.count && spec->seed_url == NULL; n++)
            CHECK(!strstr(argv.items[n], "/instances/"));
        seen++;
    }
    CHECK(seen > 0 || access(PROGRAM, X_OK) < 0);
}

TEST(what_names_a_file_or_another_user_is_not) {
    static const char *const words[][2] = {
        {"-chardev", "file,id=x,path=/etc/shadow"},
        {"-chardev", "socket,id=x,path=/tmp/x,server=on,wait=off"},
        {"-blockdev", "driver=qcow2,node-name=disk0,file.driver=file,file.filename=/etc/shadow"},
        {"-drive", "file=/etc/shadow"},
        {"-bios", "/home/user/firmware.fd"},
        {"-bios", "/usr/share/../../etc/shadow"},
        {"-smbios", "file=/etc/shadow"},
        {"-smbios", "type=1,serial=ds=nocloud;s=http://a/,uuid=1"},
        {"-pidfile", "/etc/passwd"},
        {"-runas", "0:0"},
        {"-runas", "501:200"},
        {"-run-with", "user=501:20,chroot=/tmp"},
        {"-device", "vfio-pci,host=01:00.0"},
        {"-device", "loader,file=x,addr=0"},
        {"-netdev", "tap,id=net0,script=/tmp/x"},
        {"-monitor", "stdio"},
        {"-daemonize", NULL},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char *const argv[] = {PROGRAM, "-runas", "501:20", (char *)words[i][0], (char *)words[i][1],
                              NULL};
        CHECK(!grammar_allows(argv, &user));
    }
    char *const stays[] = {PROGRAM, "-nodefaults", NULL};
    char *const other[] = {"/home/user/qemu-system-aarch64", "-runas", "501:20", NULL};
    char *const shell[] = {"/bin/sh", "-c", "id", NULL};
    CHECK(!grammar_allows(stays, &user));
    CHECK(!grammar_allows(other, &user));
    CHECK(!grammar_allows(shell, &user));
}

TEST(root_may_allow_any_argument_but_not_that_it_stays) {
    const struct identity open = {.uid = 501, .gid = 20, .any_arguments = true};
    char *const drops[] = {PROGRAM, "-runas", "501:20", "-device", "virtio-gpu-pci", NULL};
    char *const stays[] = {PROGRAM, "-device", "virtio-gpu-pci", NULL};
    if (access(PROGRAM, X_OK) < 0)
        return;
    CHECK(!grammar_allows(drops, &user));
    CHECK(grammar_allows(drops, &open));
    CHECK(!grammar_allows(stays, &open));
}

TEST(helpers) {
    const char *const good = "/usr/lib/qemu/qemu-bridge-helper";
    const struct spec_nic nic = {.network = SPEC_NET_BRIDGE, .interface = "br0"};
    const struct spec_nic bad = {.network = SPEC_NET_BRIDGE, .interface = "br0/../x"};
    scoped(strv_done) struct strv argv = {0}, refused = {0};
    helper_argv_build_bridge(good, &nic, &argv);
    helper_argv_build_bridge(good, &bad, &refused);
    if (access(good, X_OK) == 0)
        CHECK(grammar_allows(argv.items, &user));
    CHECK(!grammar_allows(refused.items, &user));
}

TEST(whom_a_helper_of_root_is_to_become) {
    char uid[IDENTITY_VARIABLE_SIZE], gid[IDENTITY_VARIABLE_SIZE];
    identity_variables(&user, uid, gid);
    CHECK_STRING(uid, "SUDO_UID=501");
    CHECK_STRING(gid, "SUDO_GID=20");
}

int main(void) {
    return test_run();
}
