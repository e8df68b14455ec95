/* The script that brings /etc/hosts of a guest up to date, run by this computer's shells. */
#include "cloud_home.h"
#include "cloudinit/hosts_script.h"

/* A negative revision: what is known now, not of a seed. before: what the shell does first. The
 * status. */
static int run_script_after(const char *before, const char *shell, const char *path,
                            const char *lines, int64_t revision) {
    scoped(buffer_done) struct buffer script = {0};
    hosts_script(lines, revision < 0 ? -revision : revision,
                 revision < 0 ? HOSTS_OF_NOW : HOSTS_OF_SEED, &script);
    scoped(alloc_release) char *all = alloc_printf("%s/script", path);
    scoped(alloc_release) char *words =
        alloc_printf("cd '%s' && sed -i.old s,/etc/hosts,hosts,g script && %s -c '%s\n"
                     ". ./script' 2>/dev/null; echo $?",
                     path, shell, before);
    scratch_write(all, script.data, script.length, 0644);
    char *argv[] = {(char *)"/bin/sh", (char *)"-c", words, NULL};
    scoped(alloc_release) char *status = run_output(argv);
    return (int)strtol(status, NULL, 10);
}

static void run_script(const char *shell, const char *path, const char *lines, int64_t revision) {
    CHECK_INT(run_script_after("set -eu", shell, path, lines, revision), 0);
}

#define BEGIN "# pgsup: begin of the names of other machines, revision "
#define END   "# pgsup: end of the names of other machines\n"

static void check_shell(const char *shell) {
    static const char own[] = "127.0.0.1 localhost\n\n# mine\n10.1.1.1 pgsup\n\n";
    scoped(alloc_release) char *path = scratch_path("etc");
    scoped(alloc_release) char *file = alloc_printf("%s/hosts", path);
    mkdir(path, 0755);
    scratch_write(file, own, sizeof own - 1, 0644);
    run_script(shell, path, "10.77.0.2 a.lab a\n10.77.0.3 b.lab b\n", 7);
    scoped(alloc_release) char *with_two = read_text(path, "hosts");
    CHECK_STRING(with_two, "127.0.0.1 localhost\n\n# mine\n10.1.1.1 pgsup\n\n" BEGIN
                           "7\n10.77.0.2 a.lab a\n10.77.0.3 b.lab b\n" END);
    run_script(shell, path, "10.77.0.9 old.lab old\n", 6); /* older: no effect */
    run_script(shell, path, "10.77.0.9 old.lab old\n", 7);
    scoped(alloc_release) char *unchanged = read_text(path, "hosts");
    CHECK_STRING(unchanged, with_two);
    run_script(shell, path, "", 10);
    run_script(shell, path, "10.77.0.9 old.lab old\n", 9);
    scoped(alloc_release) char *without = read_text(path, "hosts");
    CHECK_STRING(without, "127.0.0.1 localhost\n\n# mine\n10.1.1.1 pgsup\n\n" BEGIN "10\n" END);
    run_script(shell, path, "10.77.0.9 now.lab now\n", -3); /* of another home */
    scoped(alloc_release) char *now = read_text(path, "hosts");
    CHECK_CONTAINS(now, BEGIN "3\n10.77.0.9 now.lab now\n" END);
    scratch_write(file, "::1 me", 6, 0644);
    run_script(shell, path, "", -5); /* in no network */
    scoped(alloc_release) char *untouched = read_text(path, "hosts");
    CHECK_STRING(untouched, "::1 me"); /* without an end of line */
    run_script(shell, path, "10.77.0.2 a.lab a\n", 1);
    scoped(alloc_release) char *ended = read_text(path, "hosts");
    CHECK_STRING(ended, "::1 me\n" BEGIN "1\n10.77.0.2 a.lab a\n" END);
}

/* The rest of the file is worth more than the names. */
static void check_damage(const char *shell) {
    static const char old[] = "127.0.0.1 localhost\n" BEGIN "1\n10.77.0.2 a.lab a\n" END "# mine\n";
    static const char open[] = "127.0.0.1 localhost\n" BEGIN "1\n10.77.0.2 a.lab a\n"
                               "10.1.1.1 mine\n" BEGIN "2\n10.77.0.2 a.lab a\n" END "10.1.1.2 too";
    static const char *const broken[] = {"PATH=/none", "awk() { cat hosts; return 2; }",
                                         "awk() { return 1; }"};
    scoped(alloc_release) char *path = scratch_path("damage");
    scoped(alloc_release) char *file = alloc_printf("%s/hosts", path);
    mkdir(path, 0755);
    scratch_write(file, old, sizeof old - 1, 0644);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        CHECK(run_script_after(broken[i], shell, path, "10.77.0.3 b.lab b\n", -7) != 0);
        scoped(alloc_release) char *kept = read_text(path, "hosts");
        CHECK_STRING(kept, old);
    }
    scratch_write(file, open, sizeof open - 1, 0644); /* the first block has lost its end */
    run_script(shell, path, "10.77.0.3 b.lab b\n", 7);
    scoped(alloc_release) char *kept = read_text(path, "hosts");
    CHECK_STRING(kept, "127.0.0.1 localhost\n10.77.0.2 a.lab a\n10.1.1.1 mine\n10.1.1.2 too\n" BEGIN
                       "7\n10.77.0.3 b.lab b\n" END);
    static const char last[] = "::1 me\n" BEGIN "7\n\n10.1.1.1 mine\n";
    scratch_write(file, last, sizeof last - 1, 0644);
    run_script(shell, path, "", -8);
    scoped(alloc_release) char *rest = read_text(path, "hosts");
    CHECK_STRING(rest, "::1 me\n\n10.1.1.1 mine\n" BEGIN "8\n" END);
    unlink(file);
    CHECK_INT(run_script_after("PATH=/none", shell, path, "10.77.0.3 b.lab b\n", 7), 0);
    scoped(alloc_release) char *made = read_text(path, "hosts");
    CHECK_STRING(made, BEGIN "7\n10.77.0.3 b.lab b\n" END);
}

TEST(a_guest_takes_over_names) {
    scoped(alloc_release) char *busybox = program_find("busybox", &(struct error){0});
    check_shell("sh");
    check_damage("sh");
    if (busybox)
        check_shell("busybox sh");
    if (busybox)
        check_damage("busybox sh");
}

int main(void) {
    return test_run();
}
