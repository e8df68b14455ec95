/* A host without a way to its guest, as macOS is when it denies the local network, is told once. */
#include "machine/probe.h"
#include "test.h"

#include <errno.h>
#include <sys/socket.h>

static int connects;

/* In place of the system's, for libuv too. */
int connect(int fd, const struct sockaddr *address, socklen_t length) {
    (void)fd, (void)address, (void)length;
    connects++;
    errno = EHOSTUNREACH;
    return -1;
}

struct seen {
    struct probe *probe;
    int told, answers;
};

static void on_answer(void *owner) {
    ((struct seen *)owner)->answers++;
}

static void on_no_route(void *owner) {
    ((struct seen *)owner)->told++;
}

static void on_end(uv_timer_t *timer) {
    struct seen *seen = timer->data;
    probe_close(seen->probe);
    uv_close((uv_handle_t *)timer, NULL);
}

TEST(no_route_is_told_once) {
    uv_loop_t loop;
    uv_timer_t end = {0};
    struct seen seen = {0};
    uv_loop_init(&loop);
    seen.probe = probe_start(&loop, "192.0.2.1", 22, &seen, on_answer);
    probe_on_no_route(seen.probe, on_no_route);
    uv_timer_init(&loop, &end);
    end.data = &seen;
    uv_timer_start(&end, on_end, 2 * PROBE_INTERVAL_MS + PROBE_INTERVAL_MS / 2, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(connects >= 2);
    CHECK_INT(seen.told, 1);
    CHECK_INT(seen.answers, 0);
    CHECK_INT(uv_loop_close(&loop), 0);
}

int main(void) {
    return test_run();
}
