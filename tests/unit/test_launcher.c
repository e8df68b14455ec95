/* Goal: the grammar lets through what pgsup makes for a QEMU that starts as root, and nothing that
 * names a file; the real QEMU, started so, drops root before it opens the disks of its user. */
#include "base/alloc.h"
#include "base/platform.h"
#include "base/strv.h"
#include "launcher/grammar.h"
#include "launcher/identity.h"
#include "launcher/start.h"
#include "machine/core/helper_argv.h"
#include "machine/core/qemu_argv.h"
#include "machine/vm_drives.h"
#include "specs.h"
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

/* A program whose path is root's on every system that these tests run on. */
#define PROGRAM "/usr/bin/qemu-system-aarch64"

TEST(what_pgsup_makes_for_root_is_allowed) {
    unsigned seen = 0;
    for (size_t i = 0; i < spec_case_count; i++) {
        const struct spec *spec = &spec_cases[i].spec;
        if (!spec_needs_root(spec) || access(PROGRAM, X_OK) < 0)
            continue;
        scoped(strv_done) struct strv argv = build(spec, PROGRAM, "501:20");
        bool allowed = grammar_allows(argv.items, &user);
        CHECK(allowed);
        if (!allowed)
            fprintf(stderr, "%s\n", spec_cases[i].name);
        for (size_t n = 0; n < argv.count; n++)
            CHECK(!strstr(argv.items[n], "/instances/") && !strstr(argv.items[n], "http:") &&
                  !strstr(argv.items[n], ".sock"));
        seen++;
    }
    CHECK(seen > 0 || access(PROGRAM, X_OK) < 0);
}

TEST(a_socket_of_a_daemon_beside_vmnet_comes_as_a_descriptor) {
    struct spec spec = {0};
    for (size_t i = 0; i < spec_case_count; i++)
        if (spec_needs_root(&spec_cases[i].spec))
            spec = spec_cases[i].spec;
    spec.nics[0] = (struct spec_nic){.network = SPEC_NET_VMNET_SHARED, .mac = "52:54:00:00:00:01"};
    spec.nics[1] = (struct spec_nic){.network = SPEC_NET_SOCKET,
                                     .interface = "/tmp/daemon.sock",
                                     .mac = "52:54:00:00:00:02",
                                     .position = 1};
    spec.nic_count = 2;
    scoped(strv_done) struct strv argv = build(&spec, PROGRAM, "501:20");
    bool seen = false;
    for (size_t i = 0; i < argv.count; i++) {
        seen |= strcmp(argv.items[i], "stream,id=net1,server=off,addr.type=fd,addr.str=5") == 0;
        CHECK(!strstr(argv.items[i], "daemon.sock"));
    }
    CHECK(seen);
    if (access(PROGRAM, X_OK) == 0)
        CHECK(grammar_allows(argv.items, &user));
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
        {"-smbios", "file=../smbios.bin"},
        {"-smbios", "type=1,serial=ds=nocloud;s=http://a/"},
        {"-netdev", "stream,id=net0,server=off,addr.type=unix,addr.path=/tmp/x"},
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

/* Only root can: the file is root's, in a folder of root's, and both go with the program. */
TEST(a_file_for_a_program_of_roots) {
    int ends[2];
    char text[64] = "";
    struct start_folder folder = {""};
    if (geteuid() != 0 || pipe(ends) < 0)
        return;
    char *argv[] = {"/bin/sh", "-c", "stat -c '%u %a' . " START_FILE "; cat " START_FILE, NULL};
    int fds[] = {-1, fcntl(ends[1], F_DUPFD_CLOEXEC, START_HIGH_FD)};
    const struct start start = {
        .argv = argv,
        .fds = fds,
        .fd_count = 2,
        .as_root = true,
        .file = "said",
        .file_length = 4,
    };
    pid_t pid = start_program(&start, &user, &folder);
    close(fds[1]);
    close(ends[1]);
    CHECK(pid > 0 && waitpid(pid, NULL, 0) == pid);
    for (size_t have = 0; have < sizeof text - 1;) {
        ssize_t got = read(ends[0], text + have, sizeof text - 1 - have);
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    close(ends[0]);
    CHECK_STRING(text, "0 700\n0 600\nsaid");
    char path[sizeof folder.path];
    memcpy(path, folder.path, sizeof path);
    CHECK(access(path, F_OK) == 0);
    start_remove(&folder);
    CHECK(access(path, F_OK) < 0);
}

/* pgsup: what its caller left open is closed in both processes, but for the one that is kept. */
TEST(descriptors_of_the_caller) {
    int left = fcntl(STDERR_FILENO, F_DUPFD, 50), kept = fcntl(STDERR_FILENO, F_DUPFD, 60), status;
    pid_t pid = fork();
    if (pid == 0) {
        platform_close_others(kept);
        _exit(fcntl(left, F_GETFD) < 0 && fcntl(kept, F_GETFD) >= 0 &&
                      fcntl(STDERR_FILENO, F_GETFD) >= 0
                  ? 0
                  : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
    close(left);
    close(kept);
}

TEST(whom_a_helper_of_root_is_to_become) {
    char uid[IDENTITY_VARIABLE_SIZE], gid[IDENTITY_VARIABLE_SIZE];
    identity_variables(&user, uid, gid);
    CHECK_STRING(uid, "SUDO_UID=501");
    CHECK_STRING(gid, "SUDO_GID=20");
}

/* A folder that a group may write to, as /usr/local/share is on Debian, is not root's alone. */
TEST(firmware_lies_where_only_root_can_put_it) {
    char folder[] = "/usr/share/pgsup-test-XXXXXX";
    scoped(alloc_release) char *file = NULL;
    char *argv[] = {(char *)PROGRAM, "-run-with", "user=501:20", "-bios", NULL, NULL};
    if (geteuid() != 0 || access(PROGRAM, X_OK) < 0 || !mkdtemp(folder))
        return;
    file = alloc_printf("%s/firmware.fd", folder);
    argv[4] = file;
    CHECK(grammar_allows(argv, &user));
    CHECK(chmod(folder, 0775) == 0);
    CHECK(!grammar_allows(argv, &user));
    CHECK(chmod(folder, 0755) == 0 && close(open(file, O_CREAT | O_WRONLY, 0644)) == 0);
    CHECK(grammar_allows(argv, &user));
    CHECK(chown(file, 65534, 0) == 0);
    CHECK(!grammar_allows(argv, &user));
    unlink(file);
    rmdir(folder);
}

/* --- what a launcher leaves --- */

static char *make_folder(long pid, mode_t mode, uid_t owner) {
    char *path = alloc_printf("/var/run/pgsup-%ld-t%05ld", pid, (long)getpid());
    scoped(alloc_release) char *file = alloc_printf("%s/" START_FILE, path);
    CHECK(mkdir(path, mode) == 0 && close(open(file, O_CREAT | O_WRONLY, 0600)) == 0);
    CHECK(chown(path, owner, 0) == 0);
    return path;
}

static pid_t dead_process(void) {
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    return pid;
}

TEST(folders_of_a_launcher_that_was_killed_are_removed) {
    if (geteuid() != 0)
        return;
    scoped(alloc_release) char *stale = make_folder(dead_process(), 0700, 0),
                               *used = make_folder(getpid(), 0700, 0),
                               *foreign = make_folder(dead_process(), 0700, 65534),
                               *open_to_all = make_folder(dead_process(), 0755, 0),
                               *link =
                                   alloc_printf("/var/run/pgsup-%ld-link", (long)dead_process());
    scoped(alloc_release) char *kept = alloc_printf("%s/" START_FILE, used);
    CHECK(symlink(used, link) == 0);
    start_remove_stale();
    CHECK(access(stale, F_OK) < 0);
    CHECK(access(kept, F_OK) == 0);
    CHECK(access(foreign, F_OK) == 0);
    CHECK(access(open_to_all, F_OK) == 0);
    CHECK(access(link, F_OK) == 0);
    unlink(link);
    char *const rest[] = {used, foreign, open_to_all};
    for (size_t i = 0; i < 3; i++) {
        scoped(alloc_release) char *file = alloc_printf("%s/" START_FILE, rest[i]);
        unlink(file);
        rmdir(rest[i]);
    }
}

int main(void) {
    return test_run();
}
