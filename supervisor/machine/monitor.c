#include "monitor.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "machine/read_buffer.h"
#include "machine/socket.h"
#include "machine/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DRAIN_READS = 64 };

struct monitor {
    void *owner;
    monitor_on_item *on_item;
    struct qmp_session *session;
    uv_pipe_t pipe;
    uv_timer_t timer;
    int open_handles; /* the last close callback frees */
    bool closing;
    bool connected;
    bool pulling;
};

static void pull(struct monitor *monitor);

/* What QEMU said before it left comes first. The reader may learn of the end later, or never. */
static void monitor_on_written(void *owner, size_t length, int status) {
    struct monitor *monitor = owner;
    (void)length;
    if (status == 0 || monitor->closing)
        return;
    monitor_drain(monitor);
    if (monitor->closing)
        return;
    session_eof(monitor->session, "QEMU closed the connection");
    pull(monitor);
}

static void flush(struct monitor *monitor) {
    struct buffer *output = session_output(monitor->session);
    if (!monitor->connected || stream_write_now((uv_stream_t *)&monitor->pipe, output))
        return;
    if (!stream_write((uv_stream_t *)&monitor->pipe, output, monitor, monitor_on_written))
        session_eof(monitor->session, "the connection broke");
}

/* The loop runs timers before it reads: after a stall the answers are there already. */
static void on_timer(uv_timer_t *timer) {
    struct monitor *monitor = timer->data;
    monitor_drain(monitor);
    if (monitor->closing)
        return;
    session_tick(monitor->session, clock_monotonic_ms());
    pull(monitor);
}

static void arm(struct monitor *monitor) {
    uint64_t deadline = session_deadline_ms(monitor->session), now = clock_monotonic_ms();
    if (deadline == QMP_NO_DEADLINE)
        uv_timer_stop(&monitor->timer);
    else
        uv_timer_start(&monitor->timer, on_timer, deadline > now ? deadline - now : 0, 0);
}

/* Everything that may have made items ends here. The owner may close or send from on_item. */
static void pull(struct monitor *monitor) {
    struct qmp_item item;
    if (monitor->pulling)
        return;
    monitor->pulling = true;
    while (!monitor->closing && session_next(monitor->session, &item))
        monitor->on_item(monitor->owner, &item);
    monitor->pulling = false;
    if (monitor->closing)
        return;
    flush(monitor);
    arm(monitor);
}

static void monitor_on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    struct monitor *monitor = stream->data;
    if (length > 0)
        session_feed(monitor->session, buffer->base, (size_t)length);
    else if (length < 0) /* QEMU that exits with unread input gives ECONNRESET: the same */
        session_eof(monitor->session, "QEMU closed the connection");
    pull(monitor);
}

void monitor_drain(struct monitor *monitor) {
    uv_os_fd_t fd;
    uv_buf_t piece;
    ssize_t length = 0;
    if (!monitor || !monitor->connected || uv_fileno((uv_handle_t *)&monitor->pipe, &fd) < 0)
        return;
    for (int reads = 0; reads < DRAIN_READS && !monitor->closing; reads++) {
        read_buffer_allocate((uv_handle_t *)&monitor->pipe, 0, &piece);
        length = read(fd, piece.base, piece.len);
        if (length <= 0)
            break;
        session_feed(monitor->session, piece.base, (size_t)length);
        pull(monitor);
    }
}

static struct monitor *monitor_create(uv_loop_t *loop, uint64_t limit_ms, void *owner,
                                      monitor_on_item *on_item) {
    struct monitor *monitor = alloc_zero(sizeof *monitor);
    monitor->owner = owner;
    monitor->on_item = on_item;
    monitor->session = session_new(clock_monotonic_ms(), limit_ms);
    uv_pipe_init(loop, &monitor->pipe, 0);
    uv_timer_init(loop, &monitor->timer);
    monitor->pipe.data = monitor->timer.data = monitor;
    monitor->open_handles = 2;
    return monitor;
}

/* Takes fd. A libuv error, or 0. */
static int monitor_open(struct monitor *monitor, int fd) {
    int status = uv_pipe_open(&monitor->pipe, fd);
    if (status < 0)
        close(fd);
    else
        status =
            uv_read_start((uv_stream_t *)&monitor->pipe, read_buffer_allocate, monitor_on_read);
    monitor->connected = status == 0;
    return status;
}

/* Items must not come before the owner holds the pointer, so a failure here waits for the timer. */
struct monitor *monitor_adopt(uv_loop_t *loop, int fd, void *owner, monitor_on_item *on_item) {
    struct monitor *monitor = monitor_create(loop, MONITOR_START_TIMEOUT_MS, owner, on_item);
    int status = monitor_open(monitor, fd);
    if (status < 0)
        session_eof(monitor->session, uv_strerror(status));
    uv_timer_start(&monitor->timer, on_timer, 0, 0);
    return monitor;
}

struct monitor *monitor_connect(uv_loop_t *loop, const char *path, const char *const *questions,
                                void *owner, monitor_on_item *on_item) {
    struct monitor *monitor = monitor_create(loop, QMP_GREETING_TIMEOUT_MS, owner, on_item);
    int fd = socket_connect(path, NULL);
    int status = fd < 0 ? uv_translate_sys_error(errno) : monitor_open(monitor, fd);
    if (status < 0) { /* EAGAIN: more connections wait than QEMU's backlog has room for */
        scoped(alloc_release) char *reason =
            status == UV_EAGAIN
                ? alloc_string("QEMU does not answer on its QMP socket (it accepts no connection)")
                : alloc_printf("cannot connect to its QMP socket: %s", uv_strerror(status));
        session_eof(monitor->session, reason);
    }
    for (; *questions; questions++)
        session_ask_ahead(monitor->session, *questions, NULL, clock_monotonic_ms());
    flush(monitor);
    if (status < 0)
        uv_timer_start(&monitor->timer, on_timer, 0, 0);
    else
        arm(monitor);
    return monitor;
}

static void monitor_on_closed(uv_handle_t *handle) {
    struct monitor *monitor = handle->data;
    if (--monitor->open_handles > 0)
        return;
    session_free(monitor->session);
    free(monitor);
}

void monitor_close(struct monitor *monitor) {
    if (!monitor || monitor->closing)
        return;
    monitor->closing = true;
    uv_close((uv_handle_t *)&monitor->pipe, monitor_on_closed);
    uv_close((uv_handle_t *)&monitor->timer, monitor_on_closed);
}

bool monitor_send(struct monitor *monitor, const char *command, json_t *arguments, void *context) {
    if (!monitor || monitor->closing) {
        json_decref(arguments);
        return false;
    }
    if (!session_send(monitor->session, command, arguments, context, clock_monotonic_ms()))
        return false;
    flush(monitor); /* whoever is told next may end this process: what was promised is on its way */
    arm(monitor);
    return true;
}

void monitor_send_all(struct monitor *monitor, const char *const *commands) {
    if (!monitor || monitor->closing)
        return;
    for (; *commands; commands++)
        session_send(monitor->session, *commands, NULL, NULL, clock_monotonic_ms());
    flush(monitor);
    arm(monitor);
}

bool monitor_send_within(struct monitor *monitor, const struct qmp_request *request,
                         uint64_t limit_ms) {
    if (!monitor || monitor->closing) {
        json_decref(request->arguments);
        return false;
    }
    if (!session_send_within(monitor->session, request, clock_monotonic_ms(), limit_ms))
        return false;
    flush(monitor);
    arm(monitor);
    return true;
}

bool monitor_send_behind(struct monitor *monitor, const char *first,
                         const struct qmp_request *request, uint64_t limit_ms) {
    if (monitor && !monitor->closing)
        session_send(monitor->session, first, NULL, NULL, clock_monotonic_ms());
    return monitor_send_within(monitor, request, limit_ms);
}

bool monitor_ask(struct monitor *monitor, const char *command, uint64_t limit_ms) {
    const struct qmp_request request = {.command = command};
    if (monitor_state(monitor) != QMP_READY || session_is_waiting(monitor->session) ||
        !session_send_within(monitor->session, &request, clock_monotonic_ms(), limit_ms))
        return false;
    flush(monitor);
    arm(monitor);
    return true;
}

enum qmp_state monitor_state(const struct monitor *monitor) {
    return monitor && !monitor->closing ? session_state(monitor->session) : QMP_LOST;
}
