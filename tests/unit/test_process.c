/* The end of a process, of a child or of another one. */
#include "no_end.h"
#include "test.h"

#include "base/clock.h"
#include "base/platform.h"
#include "machine/process.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT_ONCE_MS = 150, POLLED_MS = 30000, TRIES = 20 };

struct watched {
    uv_loop_t loop;
    struct process *process;
    struct process_end end;
    int told;
};

static pid_t sleeping_child(void) {
    pid_t pid = fork();
    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

static void on_end(void *owner, const struct process_end *end) {
    struct watched *watched = owner;
    watched->end = *end;
    watched->told++;
    process_close(watched->process);
}

static void watch(struct watched *watched, pid_t pid, uint64_t start) {
    *watched = (struct watched){0};
    uv_loop_init(&watched->loop);
    watched->process = process_watch(&watched->loop, pid, start, watched, on_end);
}

/* Runs until the end was told; how long that took. */
static uint64_t run(struct watched *watched) {
    uint64_t began_ms = clock_monotonic_ms();
    uv_run(&watched->loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&watched->loop), 0);
    CHECK_INT(watched->told, 1);
    return clock_monotonic_ms() - began_ms;
}

TEST(the_system_tells_of_an_end) {
    pid_t pid = sleeping_child();
    int fd = platform_process_end_fd(pid);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    CHECK(fd >= 0);
    CHECK_INT(poll(&ready, 1, 0), 0);
    kill(pid, SIGKILL);
    CHECK_INT(poll(&ready, 1, POLLED_MS), 1);
    int status = 0;
    CHECK_INT(platform_process_end_status(fd, &status), platform_is_macos());
    CHECK(!platform_is_macos() || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    close(fd);
    CHECK_INT(waitpid(pid, NULL, 0), pid);
    CHECK_INT(platform_process_end_fd(pid), -1);
}

/* The quickest of some: a busy computer may delay each, and a polled end is never so quick. */
TEST(an_end_is_told_at_once) {
    uint64_t best_ms = UINT64_MAX;
    for (int i = 0; i < TRIES && best_ms >= AT_ONCE_MS; i++) {
        struct watched watched;
        pid_t pid = sleeping_child();
        watch(&watched, pid, platform_process_start(pid));
        kill(pid, SIGKILL);
        uint64_t took_ms = run(&watched);
        best_ms = took_ms < best_ms ? took_ms : best_ms;
        CHECK(watched.end.status_known);
        CHECK_INT(watched.end.signal, SIGKILL);
    }
    CHECK(best_ms < AT_ONCE_MS);
}

TEST(without_a_descriptor_it_is_polled) {
    struct watched watched;
    struct rlimit limit, none;
    pid_t pid = sleeping_child();
    uint64_t start = platform_process_start(pid);
    getrlimit(RLIMIT_NOFILE, &limit);
    none = limit;
    none.rlim_cur = 0;
    uv_loop_init(&watched.loop);
    setrlimit(RLIMIT_NOFILE, &none);
    watched.told = 0;
    watched.process = process_watch(&watched.loop, pid, start, &watched, on_end);
    setrlimit(RLIMIT_NOFILE, &limit);
    kill(pid, SIGKILL);
    CHECK(run(&watched) < POLLED_MS);
    CHECK_INT(watched.end.signal, SIGKILL);
}

TEST(one_that_has_ended_already_is_noticed) {
    struct watched watched;
    pid_t pid = sleeping_child();
    uint64_t start = platform_process_start(pid);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    watch(&watched, pid, start);
    CHECK(run(&watched) < POLLED_MS);
    CHECK(!watched.end.status_known);
}

TEST(another_process_of_the_same_pid_is_not_meant) {
    struct watched watched;
    pid_t pid = sleeping_child();
    watch(&watched, pid, platform_process_start(pid) + 1);
    kill(pid, SIGSTOP);
    waitpid(pid, NULL, WUNTRACED);
    CHECK(run(&watched) < POLLED_MS);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static uint64_t run_script(struct watched *watched, const char *script) {
    char *const argv[] = {"/bin/sh", "-c", (char *)script, NULL};
    const int fds[] = {CHILD_NULL, CHILD_NULL, CHILD_NULL};
    const struct child_options options = {.argv = argv, .fds = fds, .fd_count = 3};
    const struct process_listener listener = {watched, on_end};
    struct error error = {0};
    *watched = (struct watched){0};
    uv_loop_init(&watched->loop);
    watched->process = process_run(&watched->loop, &options, &listener, &error);
    CHECK_STRING(error.text, "");
    return run(watched);
}

TEST(the_end_of_a_child_is_told_with_its_status) {
    struct watched watched;
    uint64_t best_ms = UINT64_MAX;
    for (int i = 0; i < TRIES && best_ms >= AT_ONCE_MS; i++) {
        uint64_t took_ms = run_script(&watched, "sleep 0.1; exit 3");
        took_ms -= took_ms < 100 ? took_ms : 100;
        CHECK(watched.end.status_known);
        CHECK_INT(watched.end.exit_status, 3);
        uint64_t killed_ms = run_script(&watched, "kill -9 $$");
        CHECK_INT(watched.end.signal, SIGKILL);
        took_ms = killed_ms > took_ms ? killed_ms : took_ms;
        best_ms = took_ms < best_ms ? took_ms : best_ms;
    }
    CHECK(best_ms < AT_ONCE_MS);
}

TEST(a_child_is_polled_where_the_system_tells_of_no_end) {
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        struct watched watched;
        if (!no_end_descriptors())
            _exit(0);
        CHECK_INT(platform_process_end_fd(getpid()), -1);
        CHECK(run_script(&watched, "sleep 0.1; exit 3") < POLLED_MS);
        CHECK(watched.end.status_known);
        CHECK_INT(watched.end.exit_status, 3);
        CHECK(run_script(&watched, "kill -9 $$") < POLLED_MS);
        CHECK_INT(watched.end.signal, SIGKILL);
        _exit(test_failures != 0);
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
}

TEST(without_descriptors_no_child_is_made) {
    char *const argv[] = {"/bin/sh", "-c", "exit 5", NULL};
    const int fds[] = {CHILD_NULL, CHILD_NULL, CHILD_NULL};
    const struct child_options options = {.argv = argv, .fds = fds, .fd_count = 3};
    struct error error = {0};
    struct rlimit before, few;
    pid_t pid;
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &few);
    bool spawned = child_spawn(&options, &pid, &error);
    setrlimit(RLIMIT_NOFILE, &before);
    CHECK(!spawned);
    CHECK_STRING(error.text, "cannot open /dev/null: Too many open files");
}

int main(void) {
    return test_run();
}
