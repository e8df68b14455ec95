/* The helpers of network cards: what they are given, what is made of what they say, and what is
 * kept of them for the next supervisor. */
#include "machine/helpers.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/platform.h"
#include "scratch.h"
#include "specs.h"
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

static struct spec make_spec(const char *name, const char *script) {
    struct spec spec = spec_case_find("macos-vmnet-helper")->spec;
    char *program = scratch_path(name);
    scoped(alloc_release) char *text = alloc_printf("#!/bin/sh\n%s\n", script);
    scratch_write(program, text, strlen(text), 0700);
    spec.helper.program = program;
    spec.helper.log = alloc_printf("%s.log", program);
    return spec;
}

static void spec_release(struct spec *spec) {
    free((char *)spec->helper.program);
    free((char *)spec->helper.log);
}

static bool reads(int fd, char *text, size_t size) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    ssize_t got = poll(&ready, 1, 20000) == 1 ? read(fd, text, size - 1) : -1;
    text[got > 0 ? got : 0] = 0;
    return got > 0;
}

TEST(it_gets_one_end_and_a_session) {
    struct helpers helpers = {0};
    struct error error = {0};
    struct spec spec =
        make_spec("echo", "echo '{}'; dd bs=100 count=1 <&3 >&3 2>/dev/null; exec sleep 600");
    char text[100];
    int status = 0;
    CHECK(helpers_start(&spec, NULL, &helpers, &error));
    CHECK_INT(helpers.count, 1);
    CHECK_INT(getsid(helpers.items[0].pid), helpers.items[0].pid);
    CHECK(helpers.items[0].start != 0);
    CHECK(write(helpers.items[0].fd, "frame", 5) == 5);
    CHECK(reads(helpers.items[0].fd, text, sizeof text));
    CHECK_STRING(text, "frame");
    pid_t pid = helpers.items[0].pid;
    helpers_done(&helpers);
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    spec_release(&spec);
}

TEST(one_that_was_handed_over_is_left) {
    struct helpers helpers = {0};
    struct error error = {0};
    struct spec spec = make_spec("left", "echo '{}'; exec sleep 600");
    CHECK(helpers_start(&spec, NULL, &helpers, &error));
    pid_t pid = helpers.items[0].pid;
    helpers_close_fds(&helpers);
    helpers_done(&helpers);
    CHECK(platform_process_start(pid) != 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    spec_release(&spec);
}

static void check_failure(const char *name, const char *script, const char *says) {
    struct helpers helpers = {0};
    struct error error = {0};
    struct spec spec = make_spec(name, script);
    CHECK(!helpers_start(&spec, NULL, &helpers, &error));
    CHECK_INT(helpers.count, 0);
    CHECK_CONTAINS(error.text, says);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0); /* nothing is left of it */
    spec_release(&spec);
}

TEST(what_goes_wrong_is_told) {
    check_failure("exit", "echo no rights >&2; exit 7", "exit did not start (exit 7): no rights");
    check_failure("signal", "kill -9 $$", "did not start (signal 9)");
    check_failure("nonsense", "echo hello; exec sleep 600", "it said this: hello");
    check_failure("closed", "exec >&-; exec sleep 600", "did not start (it closed its output)");
    struct spec spec = make_spec("gone", "");
    struct helpers helpers = {0};
    struct error error = {0};
    unlink(spec.helper.program);
    CHECK(!helpers_start(&spec, NULL, &helpers, &error));
    CHECK_CONTAINS(error.text, "cannot run ");
    spec_release(&spec);
}

/* The second of two fails: the first does not stay. */
TEST(all_or_none) {
    struct helpers helpers = {0};
    struct error error = {0};
    struct spec spec = make_spec(
        "one", "case $* in *--interface-id\\ 02*) exit 1;; esac; echo '{}'; exec sleep 600");
    spec.nics[1] =
        (struct spec_nic){.network = SPEC_NET_VMNET_HELPER, .mac = "52:54:02:0:0:1", .position = 2};
    spec.nic_count = 2;
    CHECK(!helpers_start(&spec, NULL, &helpers, &error));
    CHECK_INT(helpers.count, 0);
    CHECK(waitpid(-1, NULL, 0) > 0);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0);
    spec_release(&spec);
}

static void load(const char *text, struct helpers *helpers) {
    scoped(alloc_release) char *path = scratch_path("helpers.net");
    *helpers = (struct helpers){0};
    scratch_write(path, text, strlen(text), 0600);
    helpers_load(path, helpers);
}

TEST(what_is_kept_is_found_again) {
    struct helpers helpers = {{{0, 4711, 99, 5, {"", ""}}, {3, 4712, UINT64_MAX, 6, {"", ""}}}, 2},
                   again = {0};
    struct error error = {0};
    scoped(alloc_release) char *path = scratch_path("kept.net");
    CHECK(helpers_save(&helpers, path, &error));
    helpers_load(path, &again);
    CHECK_INT(again.count, 2);
    CHECK_INT(again.items[1].position, 3);
    CHECK_INT(again.items[1].pid, 4712);
    CHECK(again.items[1].start == UINT64_MAX && again.items[1].fd == -1);
    helpers_load("/nowhere", &again);
    CHECK_INT(again.count, 2);
    static const char *const broken[] = {"",         "x",          "0 1 5\n", "0 0 5\n",
                                         "0 -7 5\n", "0 4711 0\n", "0 4711"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        load(broken[i], &again);
        CHECK_INT(again.count, 0);
    }
    load("0 2 5\n1 2 5\n2 2 5\n3 2 5\n4 2 5\n5 2 5\n6 2 5\n7 2 5\n8 2 5\n", &again);
    CHECK_INT(again.count, SPEC_NICS_MAX);
}

int main(void) {
    return test_run();
}
