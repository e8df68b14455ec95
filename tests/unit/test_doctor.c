/* The checks of `pgsup doctor` that no scenario can break here: those of macOS, by stand-ins for
 * its tools, kvm, and what is decided from the answers. Scenario 160 has the others. */
#include "cli/doctor/attachment.h"
#include "cli/doctor/check.h"
#include "cli/doctor/examination.h"
#include "cli/doctor/mac_answers.h"
#include "cli/doctor/side_by_side.h"
#include "host/bridge_helper.h"
#include "host/kvm_guest.h"
#include "scratch.h"
#include "test.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A Mac: its home, tools and files are in the scratch folder. */
static struct surroundings mac;

static void say(const char *tool, const char *script) {
    scoped(alloc_release) char *path = scratch_path(tool);
    scoped(alloc_release) char *text = alloc_printf("#!/bin/sh\n%s\n", script);
    scratch_write(path, text, strlen(text), 0700);
}

static void make_mac(void) {
    static char leases[128], qemu[128];
    snprintf(leases, sizeof leases, "%s/dhcpd_leases", scratch());
    snprintf(qemu, sizeof qemu, "%s/qemu", scratch());
    mac = (struct surroundings){
        .macos = true,
        .home_path = (char *)"/Users/me/var/pgsup",
        .run = (char *)scratch(),
        .has_home = true,
        .has_store = true,
        .cloud = {.network = (char *)"vmnet-shared"},
        .qemu = qemu,
        .qemu_facts = {.version = {11, 1}},
        .leases = leases,
    };
    setenv("PATH", scratch(), 1);
    setenv("HOME", "/Users/me", 1);
    setenv("TERM_PROGRAM", "Apple_Terminal", 1);
    unsetenv("SSH_CONNECTION");
    unsetenv("XPC_SERVICE_NAME");
    say("sysctl", "case $2 in kern.hv_support) echo 1 ;; kern.hv_vmm_present) echo 0 ;;\n"
                  "kern.osproductversion) echo 26.1 ;; hw.perflevel0.logicalcpu) echo 4 ;; esac");
    say("codesign", "[ \"$1\" = --verify ] || echo '[Key] com.apple.security.hypervisor'");
    say("socketfilterfw", "echo 'Firewall is disabled. (State = 0)'");
    say("ifconfig", "echo 'en0: flags=8863<UP>'");
    say("networksetup", "printf 'Hardware Port: Wi-Fi\\nDevice: en1\\nEthernet Address: x\\n'");
    say("qemu", "printf 'Accelerators supported in QEMU binary:\\nhvf\\ntcg\\n'");
    say("sudo", "echo 0.13.0");
}

/* text, command: parts of it; NULL: there is no command. */
static void expect(const char *id, enum verdict verdict, const char *text, const char *command) {
    const struct check *check = check_table;
    struct finding finding = {0};
    while (check->id && strcmp(check->id, id) != 0)
        check++;
    CHECK(check->id && check_applies(check, &mac));
    check->look(&mac, &finding);
    scoped(alloc_release) char *mends = finding_command(&finding);
    if (finding.verdict != verdict || !strstr(finding.text, text) || !mends != !command ||
        (command && !strstr(mends, command))) {
        fprintf(stderr, "%s: %s: %s: `%s`\n", id, finding_word(finding.verdict), finding.text,
                mends ? mends : "");
        test_failures++;
    }
    finding_done(&finding);
}

TEST(a_healthy_mac) {
    make_mac();
    for (const struct check *check = check_table; check->id; check++)
        if (check->needs & CHECK_NEEDS_MACOS && strcmp(check->id, "firmware-package") != 0)
            expect(check->id, VERDICT_OK, "", NULL);
}

TEST(hvf_and_its_signature) {
    make_mac();
    say("sysctl", "case $2 in kern.hv_vmm_present) echo 1 ;; *) exit 1 ;; esac");
    expect("hvf", VERDICT_WARNING, "is a VM itself", NULL);
    say("sysctl", "echo 0");
    expect("hvf", VERDICT_WARNING, "offers no hvf", NULL);
    make_mac();
    say("qemu", "echo tcg");
    expect("hvf", VERDICT_WARNING, "built without hvf", "brew reinstall qemu");
    say("codesign", "[ \"$1\" = --verify ]");
    expect("qemu-signature", VERDICT_FAILURE, "com.apple.security.hypervisor", "brew reinstall");
    say("codesign", "exit 1");
    expect("qemu-signature", VERDICT_FAILURE, "is not valid", "brew reinstall");
    mac.qemu_facts.version.minor = 0;
    expect("qemu-version", VERDICT_WARNING, "burns a processor", "brew upgrade qemu");
}

TEST(what_macos_denies) {
    make_mac();
    say("socketfilterfw",
        "case $1 in --getglobalstate) echo 'Firewall is enabled. (State = 1)' ;;\n"
        "*) printf '1 :  /usr/libexec/bootpd \\n     ( Block incoming "
        "connections ) \\n' ;; esac");
    expect("firewall", VERDICT_WARNING, "does not know", "--unblockapp");
    expect("bootpd", VERDICT_WARNING, "blocks /usr/libexec/bootpd, so guests get no address",
           "--add");
    mac.cloud.network = (char *)"user";
    expect("bootpd", VERDICT_OK, "not needed", NULL);
    say("socketfilterfw", "exit 1");
    expect("firewall", VERDICT_OK, "no application firewall", NULL);
    mac.home_path = (char *)"/Users/me/Documents/lab";
    expect("protected-folder", VERDICT_WARNING, "~/Documents", NULL);
    setenv("TERM_PROGRAM", "iTerm.app", 1);
    if (geteuid() != 0)
        expect("local-network", VERDICT_WARNING, "iTerm.app", NULL);
    setenv("SSH_CONNECTION", "x", 1);
    expect("local-network", VERDICT_OK, "exempt", NULL);
    unsetenv("SSH_CONNECTION");
}

TEST(versions_of_macos) {
    make_mac();
    mac.cloud.network = (char *)"vmnet-helper";
    expect("helper-sudo", VERDICT_OK, "not needed", NULL);
    say("sysctl", "echo 15.7.1");
    expect("macos", VERDICT_OK, "need root or socket_vmnet", NULL);
    expect("helper-sudo", VERDICT_OK, "without a password", NULL);
    say("sudo", "echo 'a password is required'; exit 1");
    expect("helper-sudo", VERDICT_FAILURE, "does not run", NULL);
    say("sysctl", "echo 14.6");
    expect("macos", VERDICT_WARNING, "no hvf before macOS 15", NULL);
    say("sysctl", "exit 1");
    expect("macos", VERDICT_WARNING, "does not tell", NULL);
}

TEST(leases_and_bridging) {
    static const char leases[] =
        "{\n\tname=a\n\tip_address=192.168.64.2\n\thw_address=1,52:54:0:1:2:3\n"
        "\tidentifier=1,52:54:0:1:2:3\n\tlease=0x1\n}\n"
        "{\n\tname=b\n\thw_address=ff,f1:f5:dd:7f:0:2:0:0\n\tlease=0x1\n}\n";
    make_mac();
    scratch_write(mac.leases, leases, strlen(leases), 0600);
    expect("leases", VERDICT_WARNING, "1 lease in ", NULL);
    mac.cloud.interface = (char *)"en1";
    expect("bridging", VERDICT_WARNING, "en1 is Wi-Fi", NULL);
    mac.cloud.interface = (char *)"en10";
    expect("bridging", VERDICT_OK, "neither", NULL);
    say("ifconfig", "printf 'vlan1: flags=8843\\n\\tvlan: 40 parent interface: en0\\n'");
    mac.cloud.interface = (char *)"vlan1";
    expect("bridging", VERDICT_WARNING, "a VLAN interface", NULL);
}

TEST(answers_that_did_not_come) {
    CHECK(!mac_answers_may_use_hvf(NULL));
    CHECK_INT(mac_answers_version("-3"), 0);
    CHECK_INT(mac_answers_version(NULL), 0);
    CHECK_INT(mac_answers_leases_by_identifier(NULL), 0);
    CHECK(!mac_answers_protected("/Users/me/Documents2/x", "/Users/me"));
    CHECK(!mac_answers_protected("/Users/me2/Documents", "/Users/me"));
    CHECK(!mac_answers_protected("/Users/me/Documents", NULL));
    CHECK_STRING(mac_answers_protected("/Volumes/disk/home", NULL), "/Volumes");
    CHECK(!mac_answers_is_wifi(NULL, "en0"));
    CHECK(!mac_answers_is_vlan(NULL));
    CHECK(mac_answers_is_exempt(true, NULL));
    CHECK(mac_answers_is_exempt(false, "Apple_Terminal"));
    CHECK(!mac_answers_is_exempt(false, "iTerm.app"));
    CHECK(!mac_answers_is_exempt(false, NULL));
}

/* "vm" runs: another descriptor holds the lock of its pid file. */
TEST(more_processors_than_fast_ones) {
    struct store_instance instance = {.name = (char *)"vm", .vcpu = 6};
    scoped(alloc_release) char *path = scratch_path("vm.1.pid");
    scoped(alloc_release) char *number = alloc_printf("%ld\n", (long)getpid());
    make_mac();
    scratch_write(path, number, strlen(number), 0600);
    int fd = open(path, O_RDONLY);
    CHECK_INT(flock(fd, LOCK_EX), 0);
    mac.instances = (struct store_instances){&instance, 1};
    expect("processors", VERDICT_WARNING, "6 processors, this Mac 4 fast ones", NULL);
    close(fd);
    unlink(path);
}

TEST(programs_of_two_packages_and_files_of_two_users) {
    make_mac();
    mac.qemu = (char *)"/opt/local/bin/qemu-system-aarch64";
    expect("firmware-package", VERDICT_WARNING, "are of two packages", NULL);
    if (geteuid() == 0)
        mac.home_path = scratch_path("foreign");
    else
        mac.home_path = alloc_string("/usr");
    file_make_directory(mac.home_path, 0700, NULL);
    CHECK(geteuid() != 0 || chown(mac.home_path, 12345, 12345) == 0);
    expect("owner", VERDICT_FAILURE, "does not belong to", "chown -R");
    free(mac.home_path);
}

/* --- kvm, bridge.conf --- */

static const struct check *check_of(const char *id) {
    const struct check *check = check_table;
    while (check->id && strcmp(check->id, id) != 0)
        check++;
    return check;
}

static bool finds_of(const struct surroundings *surroundings, const char *id, enum verdict verdict,
                     const char *text) {
    struct finding finding = {0};
    check_of(id)->look(surroundings, &finding);
    bool same = finding.verdict == verdict && strstr(finding.text, text);
    if (!same)
        fprintf(stderr, "%s: %s: %s\n", id, finding_word(finding.verdict), finding.text);
    finding_done(&finding);
    return same;
}

static struct surroundings linux_of_this_kind(const char *kvm) {
#if defined(__aarch64__)
    enum spec_arch own = SPEC_AARCH64;
#else
    enum spec_arch own = SPEC_X86_64;
#endif
    return (struct surroundings){.kvm = kvm, .arch = own};
}

TEST(a_kvm_that_is_none_or_refuses) {
    struct surroundings here = linux_of_this_kind("/nonexistent/kvm");
    struct error error = {0};
    CHECK(finds_of(&here, "kvm", VERDICT_WARNING, "there is no /nonexistent"));
    here.kvm = "/dev/null";
    CHECK(finds_of(&here, "kvm", VERDICT_WARNING, "opens, but"));
    CHECK(!kvm_guest_try("/dev/null", &error));
    here.arch = here.arch == SPEC_X86_64 ? SPEC_AARCH64 : SPEC_X86_64;
    CHECK(finds_of(&here, "kvm", VERDICT_OK, "are emulated"));
}

/* As another user than root, to whom nothing is forbidden. */
TEST(a_kvm_that_is_forbidden) {
    scoped(alloc_release) char *path = scratch_path("kvm");
    scratch_write(path, "", 0, 0600);
    CHECK_INT(chmod(scratch(), 0711), 0);
    pid_t child = fork();
    if (child == 0) {
        struct surroundings here = linux_of_this_kind(path);
        bool other = geteuid() == 0 ? setuid(12345) == 0 : chmod(path, 0) == 0;
        _exit(other && finds_of(&here, "kvm", VERDICT_WARNING, "may not be opened") ? 0 : 1);
    }
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
}

/* Of a home with a long path: a start of the host removes what its link leads to. */
TEST(a_run_folder_that_is_gone_has_nothing_left_in_it) {
    scoped(alloc_release) char *link = scratch_path("run");
    CHECK(symlink("/nonexistent/pgsup-run", link) == 0);
    make_mac();
    mac.run = link;
    expect("leftovers", VERDICT_OK, "nothing is left of former VMs; 0 run", NULL);
}

TEST(bridge_conf) {
    CHECK_INT(bridge_helper_rule("allow br0\n", "br0"), BRIDGE_ALLOWED);
    CHECK_INT(bridge_helper_rule("# x\n  allow   all", "br0"), BRIDGE_ALLOWED);
    CHECK_INT(bridge_helper_rule("allow br01\n", "br0"), BRIDGE_NOT_NAMED);
    CHECK_INT(bridge_helper_rule("#allow br0\n", "br0"), BRIDGE_NOT_NAMED);
    CHECK_INT(bridge_helper_rule("allow all\ndeny br0\n", "br0"), BRIDGE_DENIED);
    CHECK_INT(bridge_helper_rule("include /etc/qemu/me.conf\n", "br0"), BRIDGE_ALLOWED);
    CHECK_INT(bridge_helper_rule("", "br0"), BRIDGE_NOT_NAMED);
}

/* --- findings, and jobs that hang --- */

TEST(commands_are_quoted) {
    struct finding finding = {0};
    finding_mend(&finding, "chmod", "go=", "/tmp/it's a home");
    scoped(alloc_release) char *command = finding_command(&finding);
    CHECK_STRING(command, "chmod go= '/tmp/it'\\''s a home'");
    finding_done(&finding);
    CHECK(!finding_command(&finding));
}

TEST(a_late_look_hides_no_finding) {
    struct examined examined = {0};
    struct finding found = {0}, again = {0};
    finding_fail(&found, "it is gone");
    finding_fail(&again, "it is gone");
    examination_take(&examined, &found);
    CHECK(!examined.found_twice);
    examination_take(&examined, NULL);
    CHECK_STRING(examined.finding.text, "it is gone");
    examination_take(&examined, &again);
    CHECK(examined.found_twice);
    finding_done(&examined.finding);
    examination_take(&examined, NULL);
    CHECK_CONTAINS(examined.finding.text, "no answer within");
    CHECK_INT(examined.finding.verdict, VERDICT_FAILURE);
    finding_done(&examined.finding);
}

static void end_at_once(void *context) {
    *(int *)context = 1;
}
static int let_go[2]; /* a pipe: what hangs goes on when its other end is closed */
static void hang(void *context) {
    char byte;
    if (read(let_go[0], &byte, 1) == 0)
        *(int *)context = 1;
}

TEST(what_hangs_is_left_behind) {
    static int ran[20];
    struct side_by_side_job jobs[20];
    for (int i = 0; i < 20; i++)
        jobs[i] =
            (struct side_by_side_job){.run = i % 9 == 8 ? hang : end_at_once, .context = &ran[i]};
    CHECK(pipe(let_go) == 0);
    CHECK(!side_by_side_run(jobs, 20, 1500));
    for (int i = 0; i < 20; i++)
        CHECK(jobs[i].done == (i % 9 != 8));
    CHECK(side_by_side_run(jobs, 1, 30000));
    close(let_go[1]);
    for (int tries = 0; tries < 300 && !(ran[8] && ran[17]); tries++)
        poll(NULL, 0, 100);
    poll(NULL, 0, 200); /* so that no thread is lost to the sanitizers */
}

int main(void) {
    return test_run();
}
