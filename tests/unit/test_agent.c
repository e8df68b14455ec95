/* The clock of a guest is set by its agent; one that cannot is told from one that did. */
#include "base/clock.h"
#include "machine/agent.h"
#include "scratch.h"
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0);
    return fd;
}

/* Answers the synchronisation, then the command with this; its time must be about now. */
static _Noreturn void be_agent(int listener, const char *reply) {
    char line[512] = "";
    int link = accept(listener, NULL, NULL), used = 0;
    FILE *stream = fdopen(link, "r");
    long long id = 0, time_ns = 0;
    if (!fgets(line, sizeof line, stream) || !strstr(line, "\"id\":") ||
        sscanf(strstr(line, "\"id\":"), "\"id\":%lld", &id) != 1)
        _exit(1);
    used = snprintf(line, sizeof line, "\xFF{\"return\": %lld}\n", id);
    if (write(link, line, (size_t)used) != used || !fgets(line, sizeof line, stream))
        _exit(2);
    if (sscanf(line, "{\"execute\":\"guest-set-time\",\"arguments\":{\"time\":%lld}}", &time_ns) !=
        1)
        _exit(3);
    long long off_ms = time_ns / 1000000 - (long long)clock_wall_ms();
    if (off_ms < -10000 || off_ms > 10000 || write(link, reply, strlen(reply)) < 0)
        _exit(4);
    _exit(fgetc(stream) == EOF ? 0 : 5);
}

struct seen {
    struct agent *agent;
    int calls;
    bool done;
};

static void on_answer(void *owner, const struct qga_addresses *addresses) {
    struct seen *seen = owner;
    seen->calls++;
    seen->done = addresses != NULL;
    agent_close(seen->agent);
}

static void check_set(const char *name, const char *reply, bool expected) {
    scoped(alloc_release) char *path = scratch_path(name);
    int listener = listen_at(path), status = -1;
    pid_t pid = fork();
    if (pid == 0)
        be_agent(listener, reply);
    close(listener);
    uv_loop_t loop;
    struct seen seen = {0};
    uv_loop_init(&loop);
    seen.agent = agent_set_time(&loop, path, &seen, on_answer);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(seen.calls, 1);
    CHECK_INT(seen.done, expected);
    CHECK_INT(uv_loop_close(&loop), 0);
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

TEST(the_clock_is_set) {
    check_set("sets", "{\"return\": {}}\n", true);
}

TEST(a_refusal_is_no_success) {
    check_set("refuses", "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no rtc\"}}\n",
              false);
}

/* --- a script --- */

/* After the synchronisation, each line must contain the first of two and is answered by the second.
 */
static _Noreturn void run_for(int listener, const char *const *answers) {
    char line[1024] = "";
    int link = accept(listener, NULL, NULL);
    FILE *stream = fdopen(link, "r");
    long long id = 0;
    if (!fgets(line, sizeof line, stream) || !strstr(line, "\"id\":") ||
        sscanf(strstr(line, "\"id\":"), "\"id\":%lld", &id) != 1)
        _exit(1);
    int used = snprintf(line, sizeof line, "\xFF{\"return\": %lld}\n", id);
    if (write(link, line, (size_t)used) != used)
        _exit(2);
    for (; *answers; answers += 2)
        if (!fgets(line, sizeof line, stream) || !strstr(line, answers[0]) ||
            write(link, answers[1], strlen(answers[1])) < 0)
            _exit(3);
    _exit(fgetc(stream) == EOF ? 0 : 5);
}

static void check_script(const char *name, const char *const *answers, bool expected) {
    scoped(alloc_release) char *path = scratch_path(name);
    int listener = listen_at(path), status = -1;
    pid_t pid = fork();
    if (pid == 0)
        run_for(listener, answers);
    close(listener);
    uv_loop_t loop;
    struct seen seen = {0};
    uv_loop_init(&loop);
    seen.agent = agent_run_script(&loop, path, "echo hi\n", &seen, on_answer);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(seen.calls, 1);
    CHECK_INT(seen.done, expected);
    CHECK_INT(uv_loop_close(&loop), 0);
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

#define BEGINS "\"input-data\":\"ZWNobyBoaQo=", "{\"return\": {\"pid\": 9}}\n"
#define STATUS "guest-exec-status\",\"arguments\":{\"pid\":9}"

TEST(a_script_is_waited_for) {
    check_script("script",
                 (const char *const[]){BEGINS, STATUS, "{\"return\": {\"exited\": false}}\n",
                                       STATUS,
                                       "{\"return\": {\"exited\": true, \"exitcode\": 0}}\n", NULL},
                 true);
    check_script("fails",
                 (const char *const[]){BEGINS, STATUS,
                                       "{\"return\": {\"exited\": true, \"exitcode\": 1}}\n", NULL},
                 false);
    check_script("denied",
                 (const char *const[]){"guest-exec",
                                       "{\"error\": {\"class\": \"x\", \"desc\": \"no\"}}\n", NULL},
                 false);
}

TEST(nobody_there) {
    uv_loop_t loop;
    struct seen seen = {0};
    uv_loop_init(&loop);
    seen.agent = agent_set_time(&loop, "/nonexistent/agent", &seen, on_answer);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(seen.calls, 1);
    CHECK(!seen.done);
    CHECK_INT(uv_loop_close(&loop), 0);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    return test_run();
}
