#include "base/clock.h"
#include "host/address.h"
#include "host/program.h"
#include "scratch.h"
#include "test.h"

#include <unistd.h>

#define LONG_MS  60000
#define SHORT_MS 200

static enum error_code run_shell(const char *script, unsigned limit_ms, struct buffer *output,
                                 struct error *error) {
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    *error = (struct error){0};
    bool good = program_run(argv, limit_ms, output, error);
    CHECK_INT(good, error->code == ERROR_NONE);
    return error->code;
}

TEST(output_of_both_kinds) {
    struct buffer output = {0};
    struct error error;
    buffer_puts(&output, "before ");
    CHECK_INT(run_shell("echo one; echo two >&2", LONG_MS, &output, &error), ERROR_NONE);
    CHECK_STRING(output.data, "before one\ntwo\n");
    buffer_done(&output);
}

TEST(arguments_reach_the_program_as_they_are) {
    struct buffer output = {0};
    struct error error = {0};
    char *argv[] = {"printf", "%s|", "$HOME; id", "a  b", "", "it's", NULL};
    CHECK(program_run(argv, LONG_MS, &output, &error));
    CHECK_STRING(output.data, "$HOME; id|a  b||it's|");
    buffer_done(&output);
}

TEST(nothing_to_read_on_stdin) {
    struct buffer output = {0};
    struct error error;
    CHECK_INT(run_shell("cat; echo done", LONG_MS, &output, &error), ERROR_NONE);
    CHECK_STRING(output.data, "done\n");
    buffer_done(&output);
}

static bool run_as(const struct program_options *options, const char *script, struct buffer *output,
                   struct error *error) {
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    *error = (struct error){0};
    return program_run_with(argv, options, output, error);
}

TEST(input) {
    struct buffer output = {0};
    struct error error;
    struct program_options options = {.timeout_ms = LONG_MS, .input = "one\ntwo\n"};
    char big[PROGRAM_INPUT_LIMIT_BYTES + 2] = "";
    CHECK(run_as(&options, "cat; echo done", &output, &error));
    CHECK_STRING(output.data, "one\ntwo\ndone\n");
    CHECK(run_as(&options, "exit 0", &output, &error)); /* reads nothing */
    buffer_clear(&output);
    memset(big, 'x', sizeof big - 2);
    options.input = big;
    CHECK(run_as(&options, "cat", &output, &error));
    CHECK_INT(output.length, PROGRAM_INPUT_LIMIT_BYTES);
    big[sizeof big - 2] = 'x';
    CHECK(!run_as(&options, "cat", &output, &error));
    CHECK_STRING(error.text, "an input of 4097 bytes is too long");
    buffer_done(&output);
}

static int try_lock(const char *folder) {
    int fd = file_lock_folder(folder);
    if (fd >= 0)
        close(fd);
    return fd;
}

TEST(a_lock_is_kept_until_it_ends) {
    struct buffer output = {0};
    struct error error;
    scoped(alloc_release) char *folder = scratch_path("locked");
    scoped(alloc_release) char *go_on = scratch_path("locked/go-on");
    scoped(alloc_release) char *script =
        alloc_printf("(until [ -e '%s' ]; do sleep 0.1; done) >/dev/null 2>&1 & exit 0", go_on);
    CHECK(file_make_directory(folder, 0700, &error));
    struct program_options options = {.timeout_ms = LONG_MS};
    options.kept = file_lock_folder(folder);
    CHECK(options.kept > 0);
    CHECK(run_as(&options, script, &output, &error));
    close(options.kept);
    CHECK_INT(try_lock(folder), -1);
    scratch_write(go_on, "", 0, 0600);
    for (int i = 0; i < 600 && try_lock(folder) < 0; i++)
        usleep(100000);
    CHECK(try_lock(folder) >= 0);
    buffer_done(&output);
}

TEST(failure_quotes_the_last_line) {
    struct buffer output = {0};
    struct error error;
    CHECK_INT(run_shell("echo one; echo 'the \033[1mreason' >&2; exit 3", LONG_MS, &output, &error),
              ERROR_FAILED);
    CHECK_STRING(error.text, "sh failed with status 3: the \\x1B[1mreason");
    CHECK_INT(run_shell("kill -9 $$", LONG_MS, &output, &error), ERROR_FAILED);
    CHECK_STRING(error.text, "sh was terminated by signal 9");
    buffer_done(&output);
}

TEST(big_output_is_cut) {
    struct buffer output = {0};
    struct error error;
    CHECK_INT(run_shell("head -c 5000000 /dev/zero", LONG_MS, &output, &error), ERROR_NONE);
    CHECK_INT(output.length, PROGRAM_OUTPUT_LIMIT_BYTES);
    buffer_done(&output);
}

/* The write end of a pipe is passed on to all that runs: its end comes when the last has gone. */
static void check_hang(const char *script) {
    int ends[2];
    char byte;
    struct buffer output = {0};
    struct error error;
    CHECK(pipe(ends) == 0);
    uint64_t began = clock_monotonic_ms();
    CHECK_INT(run_shell(script, SHORT_MS, &output, &error), ERROR_TIMEOUT);
    close(ends[1]);
    CHECK_INT(read(ends[0], &byte, 1), 0);
    CHECK(clock_monotonic_ms() - began < LONG_MS);
    CHECK_STRING(error.text, "sh did not end within 200 ms and was stopped");
    close(ends[0]);
    buffer_done(&output);
}

TEST(what_hangs_is_ended_with_all_that_it_started) {
    check_hang("echo begun; sleep 1000");
    check_hang("trap '' TERM INT HUP; while :; do sleep 1000; done");
    check_hang("sleep 1000 & wait");
    check_hang("exec >&- 2>&-; sleep 1000");
}

TEST(missing_program) {
    struct error error = {0};
    struct buffer output = {0};
    CHECK(program_find("pgsup-no-such-program", &error) == NULL);
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    CHECK_CONTAINS(error.text, "pgsup-no-such-program is not installed: ");
    error_clear(&error);
    char *argv[] = {"/no/such/program", NULL};
    CHECK(!program_run(argv, LONG_MS, &output, &error));
    CHECK_STRING(error.text, "/no/such/program is not an executable program");
    buffer_done(&output);
}

static void check_found(const char *search_path, const char *name, const char *expected) {
    scoped(alloc_release) char *saved = alloc_string(getenv("PATH"));
    struct error error = {0};
    setenv("PATH", search_path, 1);
    scoped(alloc_release) char *found = program_find(name, &error);
    if (expected)
        CHECK_STRING(found, expected);
    else
        CHECK(found == NULL);
    setenv("PATH", saved ? saved : "", 1);
}

TEST(search) {
    scoped(alloc_release) char *folder = scratch_path("a b");
    scoped(alloc_release) char *tool = alloc_printf("%s/pgsup-tool", folder);
    scoped(alloc_release) char *text = alloc_printf("%s/pgsup-text", folder);
    scoped(alloc_release) char *inner = alloc_printf("%s/pgsup-folder", folder);
    scoped(alloc_release) char *both = alloc_printf("relative:%s:/usr/bin", folder);
    struct error error = {0};
    CHECK(file_make_directory(inner, 0700, &error));
    scratch_write(tool, "#!/bin/sh\n", 10, 0755);
    scratch_write(text, "text", 4, 0644);
    check_found(folder, "pgsup-tool", tool);
    check_found(both, "pgsup-tool", tool);
    check_found("/usr/bin", "pgsup-tool", NULL);
    check_found(folder, "pgsup-text", NULL);
    check_found(folder, "pgsup-folder", NULL);

    char before[4096];
    CHECK(getcwd(before, sizeof before) && chdir(folder) == 0);
    check_found(".::", "pgsup-tool", NULL);
    CHECK(chdir(before) == 0);

    scoped(alloc_release) char *shell = program_find("sh", &error);
    CHECK(shell && shell[0] == '/');
    setenv("PATH", "", 1);
    scoped(alloc_release) char *usual = program_find("sh", &error);
    CHECK(usual && usual[0] == '/');
}

static const char *nameserver_in(const char *text) {
    static char nameserver[ADDRESS_SIZE];
    address_read_nameserver(text, nameserver);
    return nameserver;
}

TEST(nameserver_that_guests_can_use) {
    CHECK_STRING(nameserver_in(""), "");
    CHECK_STRING(nameserver_in("nameserver 10.1.2.3"), "10.1.2.3");
    CHECK_STRING(nameserver_in("# c\nsearch x\nnameserver\t10.1.2.3 # c\nnameserver 9.9.9.9\n"),
                 "10.1.2.3");
    CHECK_STRING(nameserver_in("nameserver 127.0.0.53\nnameserver ::1\nnameserver 10.1.2.3\r\n"),
                 "10.1.2.3");
    CHECK_STRING(nameserver_in("nameserver 127.0.0.53\nnameserver fe80::1%eth0\n"), "");
    CHECK_STRING(nameserver_in("nameserver\nnameserver 10.1.2.3.4.5.6.7.8.9\n nameserver 1.1.1.1"),
                 "");
    CHECK_STRING(nameserver_in("nameservers 10.1.2.3\n"), "");
}

TEST(addresses_of_this_host) {
    struct address address;
    CHECK(address_find("127.0.0.1", &address));
    CHECK_STRING(address.mask, "255.0.0.0");
    CHECK(address_of_interface(address.interface, &address));
    CHECK_STRING(address.gateway, "");
    CHECK(!address_find("203.0.113.77", &address));
    CHECK(!address_of_interface("no-such-0", &address));
}

int main(void) {
    return test_run();
}
