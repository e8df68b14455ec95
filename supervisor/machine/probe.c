#include "probe.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct attempt {
    uv_tcp_t tcp;
    uv_connect_t connect;
    struct probe *probe; /* NULL: given up, only closing */
    char banner[4];
    size_t have;
};

struct probe {
    void *owner;
    probe_on_answer *on_answer;
    probe_on_answer *on_no_route; /* NULL: told, or of no interest */
    probe_on_answer *on_sign;     /* NULL: of no interest */
    struct sockaddr_in address;
    uv_timer_t timer; /* the wait between attempts, or the patience of one */
    struct attempt *attempt;
    bool closing;
};

static void begin(uv_timer_t *timer);

static void on_attempt_closed(uv_handle_t *handle) {
    free(handle->data);
}

static void drop_attempt(struct probe *probe) {
    if (!probe->attempt)
        return;
    probe->attempt->probe = NULL;
    uv_close((uv_handle_t *)&probe->attempt->tcp, on_attempt_closed);
    probe->attempt = NULL;
}

static void again(struct probe *probe) {
    drop_attempt(probe);
    uv_timer_start(&probe->timer, begin, PROBE_INTERVAL_MS, 0);
}

/* Something is there, but not sshd. */
static void answered_otherwise(struct probe *probe) {
    if (probe->on_sign)
        probe->on_sign(probe->owner);
    if (!probe->closing)
        again(probe);
}

static void on_patience(uv_timer_t *timer) {
    again(timer->data);
}

static void probe_on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    struct attempt *attempt = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(attempt->banner + attempt->have,
                          (unsigned)(sizeof attempt->banner - attempt->have));
}

static void probe_on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    struct attempt *attempt = stream->data;
    struct probe *probe = attempt->probe;
    (void)buffer;
    if (!probe)
        return;
    if (length < 0) {
        answered_otherwise(probe);
        return;
    }
    attempt->have += (size_t)length;
    if (attempt->have < sizeof attempt->banner)
        return;
    if (memcmp(attempt->banner, "SSH-", 4) != 0) {
        answered_otherwise(probe);
        return;
    }
    uv_timer_stop(&probe->timer);
    drop_attempt(probe);
    probe->on_answer(probe->owner);
}

static void tell_no_route(struct probe *probe) {
    probe_on_answer *on_no_route = probe->on_no_route;
    probe->on_no_route = NULL;
    if (on_no_route)
        on_no_route(probe->owner);
}

static void probe_on_connected(uv_connect_t *request, int status) {
    struct attempt *attempt = request->data;
    if (!attempt->probe)
        return;
    if (status == UV_EHOSTUNREACH)
        tell_no_route(attempt->probe);
    if (status == UV_ECONNREFUSED)
        answered_otherwise(attempt->probe);
    else if (status < 0 ||
             uv_read_start((uv_stream_t *)&attempt->tcp, probe_on_allocate, probe_on_read) < 0)
        again(attempt->probe);
}

static void begin(uv_timer_t *timer) {
    struct probe *probe = timer->data;
    struct attempt *attempt = alloc_zero(sizeof *attempt);
    probe->attempt = attempt;
    attempt->probe = probe;
    uv_tcp_init(timer->loop, &attempt->tcp);
    attempt->tcp.data = attempt->connect.data = attempt;
    uv_timer_start(&probe->timer, on_patience, PROBE_TIMEOUT_MS, 0);
    int status = uv_tcp_connect(&attempt->connect, &attempt->tcp,
                                (const struct sockaddr *)&probe->address, probe_on_connected);
    if (status == UV_EHOSTUNREACH)
        tell_no_route(probe);
    if (status < 0)
        again(probe);
}

struct probe *probe_start(uv_loop_t *loop, const char *address, uint16_t port, void *owner,
                          probe_on_answer *on_answer) {
    struct probe *probe = alloc_zero(sizeof *probe);
    probe->owner = owner;
    probe->on_answer = on_answer;
    uv_ip4_addr(address, port, &probe->address);
    uv_timer_init(loop, &probe->timer);
    probe->timer.data = probe;
    uv_timer_start(&probe->timer, begin, PROBE_INTERVAL_MS, 0);
    return probe;
}

void probe_on_sign(struct probe *probe, probe_on_answer *on_sign) {
    probe->on_sign = on_sign;
}

void probe_on_no_route(struct probe *probe, probe_on_answer *on_no_route) {
    probe->on_no_route = on_no_route;
}

static void probe_on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void probe_close(struct probe *probe) {
    if (!probe || probe->closing)
        return;
    probe->closing = true;
    drop_attempt(probe);
    uv_close((uv_handle_t *)&probe->timer, probe_on_closed);
}
