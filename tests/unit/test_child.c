/* What a child process begins with. */
#include "test.h"

#include "base/buffer.h"
#include "base/child.h"
#include "base/descriptors.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a shell prints for these words; its exit status. */
static int run_with(struct child_options options, const char *script, struct buffer *output) {
    char *const argv[] = {"sh", "-c", (char *)script, NULL};
    struct error error = {0};
    int ends[2], fds[CHILD_FDS_MAX] = {CHILD_NULL}, status = -1;
    pid_t pid;
    char chunk[256];
    CHECK(child_pipe(ends, &error));
    fds[1] = fds[2] = ends[1];
    for (size_t i = 3; i < options.fd_count; i++)
        fds[i] = options.fds[i];
    options.path = "/bin/sh";
    options.argv = argv;
    options.fds = fds;
    options.fd_count = options.fd_count ? options.fd_count : 3;
    CHECK(child_spawn(&options, &pid, &error));
    CHECK_STRING(error.text, "");
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], chunk, sizeof chunk)) > 0;)
        buffer_append(output, chunk, (size_t)got);
    close(ends[0]);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int run(const char *script, struct buffer *output) {
    return run_with((struct child_options){0}, script, output);
}

static void check_prints(const char *script, const char *expected) {
    struct buffer output = {0};
    CHECK_INT(run(script, &output), 0);
    CHECK_STRING(output.data, expected);
    buffer_done(&output);
}

TEST(the_soft_limit_of_before_is_given_back) {
    struct rlimit before, low, after;
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = 200;
    setrlimit(RLIMIT_NOFILE, &low);
    check_prints("ulimit -Sn", "200\n");
    descriptors_raise();
    getrlimit(RLIMIT_NOFILE, &after);
    CHECK(after.rlim_cur > 200);
    check_prints("ulimit -Sn", "200\n");
    /* What this process has open above that is no obstacle. */
    int high = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 300);
    const int fds[] = {0, 0, 0, high};
    struct buffer output = {0};
    CHECK_INT(run_with((struct child_options){.fds = fds, .fd_count = 4},
                       "echo >&3; ulimit -Sn; ulimit -Hn", &output),
              0);
    char expected[64];
    snprintf(expected, sizeof expected, "200\n%llu\n", (unsigned long long)before.rlim_max);
    CHECK_STRING(output.data, before.rlim_max == RLIM_INFINITY ? "200\nunlimited\n" : expected);
    buffer_done(&output);
    close(high);
    setrlimit(RLIMIT_NOFILE, &before);
}

TEST(a_limit_of_few_descriptors_is_enough_for_a_child_with_few) {
    struct rlimit before, low;
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = 20; /* fewer than the most that a child may have */
    CHECK(low.rlim_cur < CHILD_FDS_MAX && setrlimit(RLIMIT_NOFILE, &low) == 0);
    check_prints("echo runs", "runs\n");
    setrlimit(RLIMIT_NOFILE, &before);
}

static int file_with(const char *text) {
    char path[] = "/tmp/child-XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    lseek(fd, 0, SEEK_SET);
    return fd;
}

TEST(descriptors_come_to_their_places_whatever_lies_there) {
    int first = file_with("first"), second = file_with("second");
    int a = fcntl(first, F_DUPFD_CLOEXEC, 3), b = fcntl(second, F_DUPFD_CLOEXEC, 3);
    int fds[CHILD_FDS_MAX];
    for (int i = 0; i < CHILD_FDS_MAX; i++)
        fds[i] = CHILD_NULL;
    /* Crosswise, and one in its own place. */
    CHECK(a < CHILD_FDS_MAX && b < CHILD_FDS_MAX);
    fds[a] = b;
    fds[b] = a;
    struct buffer output = {0};
    char script[128];
    snprintf(script, sizeof script, "cat /dev/fd/%d; echo; cat /dev/fd/%d", a, b);
    CHECK_INT(
        run_with((struct child_options){.fds = fds, .fd_count = CHILD_FDS_MAX}, script, &output),
        0);
    CHECK_STRING(output.data, "second\nfirst");
    buffer_done(&output);
    fds[a] = a;
    lseek(first, 0, SEEK_SET);
    snprintf(script, sizeof script, "cat /dev/fd/%d", a);
    output = (struct buffer){0};
    CHECK_INT(
        run_with((struct child_options){.fds = fds, .fd_count = (size_t)a + 1}, script, &output),
        0);
    CHECK_STRING(output.data, "first");
    buffer_done(&output);
    close(a);
    close(b);
    close(first);
    close(second);
}

/* As a shell leaves them to its commands: without close-on-exec. */
TEST(what_this_process_inherited_is_not_the_childs) {
    int file = file_with("locked"), low = dup(file), high = fcntl(file, F_DUPFD, 100);
    struct buffer output = {0};
    char script[128];
    CHECK(low > STDERR_FILENO && high >= 100);
    snprintf(script, sizeof script,
             "for fd in %d %d %d; do [ ! -e /dev/fd/$fd ] || echo $fd; done; echo none", file, low,
             high);
    CHECK_INT(run(script, &output), 0);
    CHECK_STRING(output.data, "none\n");
    CHECK_INT(fcntl(file, F_GETFD), 0); /* and stays this one's */
    buffer_done(&output);
    close(file);
    close(low);
    close(high);
}

TEST(folder_environment_and_session_are_its_own) {
    char *const environment[] = {"WORD=from here", NULL};
    const struct child_options options = {
        .environment = environment, .folder = "/usr", .group = CHILD_SESSION};
    struct buffer output = {0};
    CHECK_INT(
        run_with(options, "pwd; echo \"$WORD\"; ps -o pgid= -p $$ | tr -d ' '; echo $$", &output),
        0);
    char *line = output.data;
    CHECK(strncmp(line, "/usr\nfrom here\n", 15) == 0);
    long group = strtol(line + 15, &line, 10), pid = strtol(line, NULL, 10);
    CHECK(pid > 0);
    CHECK_INT(group, pid);
    buffer_done(&output);
}

TEST(signals_are_as_a_fresh_program_expects_them) {
    struct buffer output = {0};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGPIPE, SIG_IGN);
    CHECK_INT(run("kill -TERM $$; sleep 5", &output), -SIGTERM);
    CHECK_INT(run("kill -PIPE $$; sleep 5", &output), -SIGPIPE);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    buffer_done(&output);
}

TEST(an_end_is_heard_of_although_they_were_ignored) {
    struct buffer output = {0};
    signal(SIGCHLD, SIG_IGN);
    CHECK_INT(run("exit 7", &output), 7);
    buffer_done(&output);
}

TEST(what_cannot_run_is_told_with_its_reason) {
    char *const argv[] = {"/nowhere/program", NULL}, *const shell[] = {"/bin/sh", NULL};
    const int fds[] = {CHILD_NULL, CHILD_NULL, CHILD_NULL};
    struct child_options options = {.argv = argv, .fds = fds, .fd_count = 3};
    struct error error = {0};
    pid_t pid;
    CHECK(!child_spawn(&options, &pid, &error));
    CHECK_STRING(error.text, "cannot run /nowhere/program: No such file or directory");
    CHECK(waitpid(-1, NULL, WNOHANG) < 0); /* nothing is left to wait for */
    error_clear(&error);
    options.argv = shell;
    options.folder = "/nowhere";
    CHECK(!child_spawn(&options, &pid, &error));
    CHECK_STRING(error.text, "cannot run /bin/sh: No such file or directory");
}

TEST(places_that_are_too_few_are_given_back) {
    enum { LIMIT = 1024, FREE = 5 };
    struct rlimit before, limit;
    int many[LIMIT], count = 0, left = 0;
    getrlimit(RLIMIT_NOFILE, &before);
    limit = before;
    limit.rlim_cur = LIMIT;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while (count < LIMIT && (many[count] = dup(STDIN_FILENO)) >= 0)
        count++;
    CHECK(count > FREE && count < LIMIT);
    for (int i = 0; i < FREE; i++)
        close(many[--count]);
    child_keep_near_fds();
    while (count < LIMIT && (many[count] = dup(STDIN_FILENO)) >= 0)
        count++, left++;
    CHECK_INT(left, FREE);
    while (count > 0)
        close(many[--count]);
    setrlimit(RLIMIT_NOFILE, &before);
}

/* Linux tells how many descriptors a table has room for, a power of two. */
#define SAY_TABLE                                                                                  \
    "room=64; [ ! -e /proc/$$/status ] || while read -r name value; do "                           \
    "[ $name != FDSize: ] || room=$value; done </proc/$$/status; "                                 \
    "[ $room -le 256 ] && echo small || echo $room; "

TEST(with_many_open_it_has_no_more_than_with_few) {
    struct rlimit before, high;
    getrlimit(RLIMIT_NOFILE, &before);
    high = before;
    high.rlim_cur = 2048;
    CHECK(setrlimit(RLIMIT_NOFILE, &high) == 0);
    child_keep_near_fds();
    int file = file_with("given"), many[1200];
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        many[i] = dup(file); /* not close-on-exec */
    const int last = many[sizeof many / sizeof *many - 1];
    int fds[CHILD_FDS_MAX] = {0, 0, 0, last, last};
    struct buffer output = {0};
    char script[512];
    CHECK(last > 1000);
    snprintf(script, sizeof script,
             SAY_TABLE "for fd in 5 33 40 %d; do [ ! -e /dev/fd/$fd ] || echo $fd; done; "
                       "cat <&3",
             last);
    for (int turn = 0; turn < 2; turn++) {
        lseek(file, 0, SEEK_SET);
        CHECK_INT(run_with((struct child_options){.fds = fds, .fd_count = 5}, script, &output), 0);
        CHECK_STRING(output.data, "small\ngiven");
        buffer_done(&output);
        output = (struct buffer){0};
    }
    CHECK_INT(fcntl(last, F_GETFD), 0);
    /* As many as a VM with eight cards has, each another one; then more than there are places. */
    for (int i = 4; i < 13; i++)
        fds[i] = many[i];
    lseek(file, 0, SEEK_SET);
    CHECK_INT(
        run_with((struct child_options){.fds = fds, .fd_count = 13}, SAY_TABLE "cat <&3", &output),
        0);
    CHECK_STRING(output.data, "small\ngiven");
    buffer_done(&output);
    output = (struct buffer){0};
    for (int i = 3; i < 20; i++)
        fds[i] = many[i];
    lseek(file, 0, SEEK_SET);
    CHECK_INT(
        run_with((struct child_options){.fds = fds, .fd_count = 20}, "cat /dev/fd/19", &output), 0);
    CHECK_STRING(output.data, "given");
    buffer_done(&output);
    char *const argv[] = {"/nowhere/program", NULL};
    const struct child_options missing = {.argv = argv, .fds = fds, .fd_count = 4};
    struct error error = {0};
    pid_t pid;
    CHECK(!child_spawn(&missing, &pid, &error));
    CHECK_STRING(error.text, "cannot run /nowhere/program: No such file or directory");
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        close(many[i]);
    close(file);
    setrlimit(RLIMIT_NOFILE, &before);
}

int main(void) {
    return test_run();
}
