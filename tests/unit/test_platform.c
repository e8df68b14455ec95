/* What the system tells of files and processes, and how many descriptors it allows. */
#include "base/alloc.h"
#include "base/descriptors.h"
#include "base/platform.h"
#include "test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(who_has_a_file_open_is_named) {
    char path[] = "/tmp/pgsup-users-XXXXXX", own[32];
    int fd = mkstemp(path);
    snprintf(own, sizeof own, "%ld (", (long)getpid());
    char *users = platform_file_users(path);
    CHECK(strncmp(users, own, strlen(own)) == 0);
    free(users);
    close(fd);
    users = platform_file_users(path);
    CHECK_STRING(users, "");
    free(users);
    unlink(path);
    users = platform_file_users(path);
    CHECK_STRING(users, "");
    free(users);
}

TEST(a_process_is_known_by_pid_and_start) {
    CHECK(platform_process_start(getpid()) != 0);
    CHECK_INT(platform_process_start(0x7ffffffe), 0);
    CHECK(platform_process_lives(getpid(), platform_process_start(getpid())));
    CHECK(platform_process_lives(getpid(), 0));
    CHECK(!platform_process_lives(getpid(), platform_process_start(getpid()) + 1));
    CHECK(!platform_process_lives(0x7ffffffe, 0));
}

/* What is left of a process until its parent has heard of the end is no process. */
TEST(a_zombie_lives_no_more) {
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    uint64_t start = platform_process_start(child);
    CHECK(start != 0 && platform_process_lives(child, start));
    siginfo_t end;
    kill(child, SIGKILL);
    CHECK(waitid(P_PID, (id_t)child, &end, WEXITED | WNOWAIT) == 0);
    CHECK(!platform_process_lives(child, start));
    CHECK_INT(platform_process_start(child), 0);
    waitpid(child, NULL, 0);
    CHECK(!platform_process_lives(child, start));
}

TEST(a_process_that_cannot_be_looked_at_is_not_taken_for_dead) {
    uint64_t start = platform_process_start(getpid());
    struct rlimit before, none;
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = before;
    none.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    bool lives = platform_process_lives(getpid(), start),
         nobody = platform_process_lives(0x7ffffffe, 1);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(lives);
    CHECK(!nobody);
}

TEST(a_low_limit_of_descriptors_is_raised) {
    struct rlimit before, after, low;
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &low);
    descriptors_raise();
    getrlimit(RLIMIT_NOFILE, &after);
    CHECK_INT(after.rlim_max, before.rlim_max);
    CHECK_INT(after.rlim_cur,
              before.rlim_max < DESCRIPTORS_WANTED ? before.rlim_max : DESCRIPTORS_WANTED);
    setrlimit(RLIMIT_NOFILE, &before);
}

int main(void) {
    return test_run();
}
