#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/platform.h"
#include "machine/log_tail.h"
#include "machine/vm.h"
#include "machine/vm_phases.h"
#include "machine/vm_report.h"
#include "scratch.h"
#include "test.h"

#include <signal.h>
#include <unistd.h>

static char *words_of(const char *log, off_t offset) {
    scoped(alloc_release) char *path = scratch_path("log");
    CHECK(file_write(path, log, strlen(log), 0600, NULL));
    char *words = log_tail_read(path, offset);
    unlink(path);
    return words;
}

TEST(last_words_are_qemus_own) {
    char *words = words_of("old launch\n"
                           "2026-11-23T13:07:35.878328Z qemu-system-aarch64: -device nope: 'nope' "
                           "is not a valid device model name\n",
                           11);
    CHECK_STRING(words, "-device nope: 'nope' is not a valid device model name");
    free(words);
    words = words_of("qemu-system-aarch64: a\nb\x1b[2J\n\n", 0);
    CHECK_STRING(words, "a; b\\x1B[2J");
    free(words);
    words = words_of("2026-11-23T13:07:35.878328Z qemu-system-aarch64: -mon chardev=qmp: warning: "
                     "'-mon' is deprecated\n"
                     "qemu-system-aarch64: no memory\n"
                     "qemu-system-aarch64: warning: old\nwarning: older\n",
                     0);
    CHECK_STRING(words, "no memory");
    free(words);
    words = log_tail_read("/nonexistent/log", 0);
    CHECK_STRING(words, "");
    free(words);
}

TEST(a_machine_that_qemu_no_longer_has) {
    static const char *const words[] = {"unsupported machine type \"virt-2.5\"; Use -machine help",
                                        "unsupported machine type: \"virt-2.5\""};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        scoped(alloc_release) char *hint = vm_report_unknown_machine("web", words[i]);
        CHECK_CONTAINS(hint, "`pgsup instance set web --machine-update`");
    }
    scoped(alloc_release) char *none = vm_report_unknown_machine("web", "no memory");
    CHECK_STRING(none, "");
}

TEST(a_port_that_was_taken_in_that_moment) {
    static const char rule[] = "Could not set up host forwarding rule ";
    static const struct {
        const char *of, *expected;
    } rows[] = {
        {"'tcp:127.0.0.1:10022-:22'", "took port 10022 of 127.0.0.1 at the same moment: run "
                                      "`pgsup start web` again"},
        {"'udp:0.0.0.0:53-10.0.2.15:53': in use", "took port 53 of 0.0.0.0 at"},
        {"'tcp:127.0.0.1:10022", NULL},
        {"'tcp:127.0.0.1:-:22'", NULL},
        {"'tcp", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scoped(alloc_release) char *words = alloc_printf(
            "-netdev user,id=nic0,hostfwd=tcp:127.0.0.1:10022-:22: %s%s", rule, rows[i].of);
        scoped(alloc_release) char *hint = vm_report_taken_port("web", words);
        if (rows[i].expected)
            CHECK_CONTAINS(hint, rows[i].expected);
        else
            CHECK_STRING(hint, "");
    }
    scoped(alloc_release) char *none = vm_report_taken_port("web", "no memory");
    CHECK_STRING(none, "");
}

/* The option is told before the reason, and may be long. */
TEST(a_long_line_keeps_its_end) {
    scoped(alloc_release) char *option = alloc_zero(1001);
    memset(option, 'x', 1000);
    scoped(alloc_release) char *line =
        alloc_printf("qemu-system-aarch64: -netdev user,%s: Could not set up\n", option);
    scoped(alloc_release) char *words = words_of(line, 0);
    CHECK(strncmp(words, "-netdev user,xxx", 16) == 0);
    CHECK_CONTAINS(words, "x...x");
    CHECK_STRING(words + strlen(words) - 18, ": Could not set up");
    CHECK_INT(strlen(words), 403);
}

/* Each of 2 bytes: a line too long to be shown, and a log too long to be read, whichever byte of a
 * character they are cut at. */
TEST(a_character_is_not_cut) {
    for (size_t lead = 0; lead < 2; lead++)
        for (size_t count = 250; count < 1500; count += 1000) {
            struct buffer line = {0};
            buffer_puts(&line, lead ? "x" : "");
            for (size_t i = 0; i < count; i++)
                buffer_puts(&line, "\xC3\xA9");
            buffer_puts(&line, lead ? "y" : "");
            scoped(alloc_release) char *words = words_of(line.data, 0);
            CHECK_CONTAINS(words, "\xC3\xA9...\xC3\xA9");
            CHECK(!strchr(words, '\\'));
            buffer_done(&line);
        }
}

TEST(warnings_are_kept_apart_each_once) {
    scoped(alloc_release) char *path = scratch_path("log");
    static const char log[] =
        "qemu-system-aarch64: warning: of a launch before\n"
        "2026-11-23T13:07:35.878328Z qemu-system-aarch64: -mon chardev=qmp: warning: '-mon' is "
        "deprecated\n"
        "2026-11-23T13:07:35.878329Z qemu-system-aarch64: warning: netdev n has no peer\n"
        "2026-11-23T13:07:35.878330Z qemu-system-aarch64: warning: netdev n has no peer\n"
        "qemu-system-aarch64: no memory\nqemu-system-aarch64: warning: \x1b[2J";
    struct strv warnings = {0};
    CHECK(file_write(path, log, strlen(log), 0600, NULL));
    log_tail_warnings(path, (off_t)(strchr(log, '\n') + 1 - log), &warnings);
    CHECK_INT(warnings.count, 3);
    CHECK_STRING(warnings.items[0], "-mon chardev=qmp: warning: '-mon' is deprecated");
    CHECK_STRING(warnings.items[1], "netdev n has no peer");
    CHECK_STRING(warnings.items[2], "\\x1B[2J");
    unlink(path);
    log_tail_warnings(path, 0, &warnings);
    CHECK_INT(warnings.count, 3);
    strv_done(&warnings);
}

static void check_error(const char *log, off_t offset, const char *expected) {
    scoped(alloc_release) char *path = scratch_path("log");
    CHECK(file_write(path, log, strlen(log), 0600, NULL));
    char *words = log_tail_error(path, offset);
    CHECK_STRING(words, expected);
    free(words);
    unlink(path);
}

TEST(an_error_is_found_before_the_registers) {
    check_error("KVM internal error. Suberror: 1\nemulation failure\nRAX=0 RBX=1\nCode=00\n", 0,
                "KVM internal error. Suberror: 1; emulation failure");
    check_error("2026-11-23T13:07:35.878328Z qemu-system-aarch64: error: kvm run failed Bad "
                "address\n PC=0 X00=1\n",
                0, "error: kvm run failed Bad address");
    check_error("error of before\nnothing", 16, "");
    check_error("the last error", 0, "the last error");
    check_error("", 0, "");
}

TEST(what_macos_denies_is_named) {
    static const struct process_end refused = {true, 1, 0}, killed = {true, 0, SIGKILL};
    CHECK_CONTAINS(vm_report_denial(&refused, "-blockdev …: Could not open "
                                              "'/Volumes/disk/os.qcow2': Operation not permitted"),
                   "Full Disk Access");
    CHECK_CONTAINS(vm_report_denial(&refused, "Could not open '/Users/me/Documents/a.qcow2': "
                                              "Operation not permitted"),
                   "Full Disk Access");
    CHECK_STRING(vm_report_denial(&refused, "Could not open '/Users/me/Documents/a.qcow2': No such "
                                            "file or directory"),
                 "");
    CHECK_STRING(vm_report_denial(&refused, "Could not open '/srv/a': Operation not permitted"),
                 "");
    CHECK_STRING(vm_report_denial(&killed, "no memory"), "");
    CHECK_STRING(vm_report_denial(&killed, ""), platform_kill_cause());
    CHECK_INT(platform_kill_cause()[0] != 0, platform_is_macos());
}

TEST(an_end_has_one_cause) {
    static const struct {
        struct process_end end;
        const char *shutdown, *cause;
    } rows[] = {
        {{true, 0, 0}, "guest-shutdown", "guest-shutdown"},
        {{true, 0, 9}, "", "signal 9"},
        {{true, 1, 0}, "", "exit 1"},
        {{false, 0, 0}, "", "gone"},
        {{false, 0, 0}, "host-signal", "host-signal"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *cause = vm_report_cause(&rows[i].end, rows[i].shutdown);
        CHECK_STRING(cause, rows[i].cause);
        free(cause);
    }
}

TEST(an_outcome_names_rung_presses_and_time) {
    char *text = vm_report_stop("guest-shutdown", false, 1, 2140, true);
    CHECK_STRING(text, "guest-shutdown after 1 press, 2.1 s");
    free(text);
    text = vm_report_stop("host-qmp-quit", false, 9, 90012, false);
    CHECK_STRING(text, "quit after 9 presses, 90.0 s");
    free(text);
    text = vm_report_stop("signal 9", true, 0, 10500, true);
    CHECK_STRING(text, "killed, 10.5 s");
    free(text);
}

TEST(a_guest_that_a_full_disk_holds_could_not_shut_down) {
    scoped(alloc_release) char *text = vm_report_stop("host-qmp-quit", false, 1, 4000, true);
    CHECK_STRING(text, "quit after 1 press, 4.0 s; the disk of the host is full, so that its guest "
                       "stood still");
    struct error error = {0};
    CHECK(!vm_report_expired("web", 4000, 1, true, &error));
    CHECK_CONTAINS(error.text, "stands still because the disk of the host is full: make room");
}

TEST(an_end_that_nobody_asked_for_is_said_so) {
    char *text = vm_report_unasked("guest-shutdown");
    CHECK_STRING(text, "the guest powered itself off (guest-shutdown)");
    free(text);
    text = vm_report_unasked("host-signal");
    CHECK_STRING(text, "a signal from outside ended QEMU (host-signal)");
    free(text);
    text = vm_report_unasked("snapshot-load");
    CHECK_STRING(text, "it ended by itself (snapshot-load)");
    free(text);
}

TEST(a_guest_that_has_yet_to_phone_home_is_not_expected_to_anew) {
    char result[] = "ok";
    struct vm vm = {.plan.phones_home = true};
    CHECK(vm_expects_phone_home(&vm));
    vm.launch.phases_ms[PHASE_SEED] = 1;
    CHECK(vm_expects_phone_home(&vm));
    vm.plan.provision_result = result; /* each of these would be forgotten */
    CHECK(!vm_expects_phone_home(&vm));
    vm.plan.provision_result = NULL;
    for (int phase = PHASE_PHONE_HOME; phase < PHASE_COUNT; phase++) {
        vm.launch.phases_ms[phase] = 1;
        CHECK(!vm_expects_phone_home(&vm));
        vm.launch.phases_ms[phase] = 0;
    }
    CHECK(vm_expects_phone_home(&vm));
    vm.plan.phones_home = false;
    CHECK(!vm_expects_phone_home(&vm));
}

int main(void) {
    return test_run();
}
