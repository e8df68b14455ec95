/* The QMP link on the event loop, with this test as QEMU at the other end of its socket. */
#include "test.h"

#include "machine/monitor.h"
#include "machine/socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT_MS = 50, STALL_MS = 150 };

struct talk {
    uv_loop_t loop;
    struct monitor *monitor;
    int qemu;
    bool ready;
    int returns, timeouts;
    char lost[200];
};

static void count_item(void *owner, const struct qmp_item *item) {
    struct talk *talk = owner;
    talk->ready |= item->kind == QMP_ITEM_READY;
    talk->returns += item->kind == QMP_ITEM_REPLY && item->status == QMP_STATUS_RETURN;
    talk->timeouts += item->kind == QMP_ITEM_REPLY && item->status == QMP_STATUS_TIMEOUT;
    if (item->kind == QMP_ITEM_LOST)
        snprintf(talk->lost, sizeof talk->lost, "%s", item->text);
}

static void say(struct talk *talk, const char *line) {
    CHECK(write(talk->qemu, line, strlen(line)) == (ssize_t)strlen(line));
}

static void turn(struct talk *talk) {
    if (uv_run(&talk->loop, UV_RUN_NOWAIT))
        poll(NULL, 0, 1);
}

static void begin(struct talk *talk) {
    int ends[2];
    *talk = (struct talk){0};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    uv_loop_init(&talk->loop);
    talk->qemu = ends[1];
    talk->monitor = monitor_adopt(&talk->loop, ends[0], talk, count_item);
    say(talk, "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 9, \"minor\": 2, \"micro\": 0}}, "
              "\"capabilities\": []}}\r\n{\"return\": {}, \"id\": 1}\r\n");
    while (!talk->ready)
        turn(talk);
}

static void end(struct talk *talk) {
    monitor_close(talk->monitor);
    uv_run(&talk->loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&talk->loop), 0);
    close(talk->qemu);
}

/* The loop runs timers before it reads. */
TEST(an_answer_that_lies_in_the_socket_is_in_time) {
    struct talk talk;
    begin(&talk);
    CHECK(monitor_ask(talk.monitor, "query-status", LIMIT_MS));
    say(&talk, "{\"return\": {\"status\": \"running\"}, \"id\": 2}\r\n");
    poll(NULL, 0, STALL_MS);
    while (talk.returns + talk.timeouts == 0)
        turn(&talk);
    CHECK_INT(talk.returns, 1);
    CHECK_INT(talk.timeouts, 0);
    end(&talk);
}

TEST(one_that_does_not_come_is_missed) {
    struct talk talk;
    begin(&talk);
    CHECK(monitor_ask(talk.monitor, "query-status", LIMIT_MS));
    while (talk.returns + talk.timeouts == 0)
        turn(&talk);
    CHECK_INT(talk.timeouts, 1);
    end(&talk);
}

/* QEMU answers in order, and disks may be slow. */
TEST(nothing_is_asked_behind_a_command_that_is_under_way) {
    struct talk talk;
    begin(&talk);
    CHECK(monitor_send(talk.monitor, "cont", NULL, NULL));
    CHECK(!monitor_ask(talk.monitor, "query-status", LIMIT_MS));
    say(&talk, "{\"return\": {}, \"id\": 2}\r\n");
    while (talk.returns == 0)
        turn(&talk);
    CHECK(monitor_ask(talk.monitor, "query-status", LIMIT_MS));
    end(&talk);
}

static const char *const questions[] = {"query-uuid", "query-status", NULL};

/* Many QEMUs are connected to in a row: each works at its answers while the next one is. */
TEST(what_is_asked_at_once_is_written_with_the_connection) {
    char folder[] = "/tmp/monitor-XXXXXX", path[64], heard[256] = "";
    struct talk talk = {0};
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/qmp", folder);
    int listener = socket_listen(path, NULL);
    CHECK(listener >= 0);
    uv_loop_init(&talk.loop);
    talk.monitor = monitor_connect(&talk.loop, path, questions, &talk, count_item);
    talk.qemu = accept(listener, NULL, NULL); /* the loop has not turned */
    CHECK(recv(talk.qemu, heard, sizeof heard - 1, MSG_DONTWAIT) > 0);
    CHECK_STRING(heard, "{\"execute\":\"qmp_capabilities\",\"id\":1}\n"
                        "{\"execute\":\"query-uuid\",\"id\":2}\n"
                        "{\"execute\":\"query-status\",\"id\":3}\n");
    say(&talk, "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 9, \"minor\": 2, \"micro\": 0}}, "
               "\"capabilities\": []}}\r\n{\"return\": {}, \"id\": 1}\r\n"
               "{\"return\": {}, \"id\": 2}\r\n{\"return\": {}, \"id\": 3}\r\n");
    while (talk.returns < 2)
        turn(&talk);
    CHECK(talk.ready);
    end(&talk);
    close(listener);
    unlink(path);
    rmdir(folder);
}

TEST(a_socket_that_is_not_there_is_told_when_the_loop_turns) {
    struct talk talk = {.qemu = -1};
    uv_loop_init(&talk.loop);
    talk.monitor = monitor_connect(&talk.loop, "/nonexistent/qmp", questions, &talk, count_item);
    CHECK_STRING(talk.lost, "");
    while (!talk.lost[0])
        turn(&talk);
    CHECK_STRING(talk.lost, "cannot connect to its QMP socket: no such file or directory");
    end(&talk);
}

int main(void) {
    return test_run();
}
