/* Faults of libuv: each handle is left as libuv leaves it when it fails by itself. */
#include "fault.h"

#include <signal.h>
#include <uv.h>

int uv_loop_init(uv_loop_t *loop) {
    REAL(uv_loop_init);
    return fault_next(UV, "uv_loop_init") ? UV_EMFILE : real(loop);
}

int uv_signal_init(uv_loop_t *loop, uv_signal_t *handle) {
    REAL(uv_signal_init);
    return fault_next(UV, "uv_signal_init") ? UV_EMFILE : real(loop, handle);
}

int uv_signal_start(uv_signal_t *handle, uv_signal_cb callback, int number) {
    REAL(uv_signal_start);
    if (number == SIGCHLD) /* libuv's own, which it does not expect to fail */
        return real(handle, callback, number);
    return fault_next(UV, "uv_signal_start") ? UV_EINVAL : real(handle, callback, number);
}

int uv_tcp_bind(uv_tcp_t *handle, const struct sockaddr *address, unsigned flags) {
    REAL(uv_tcp_bind);
    return fault_next(UV, "uv_tcp_bind") ? UV_EMFILE : real(handle, address, flags);
}

int uv_listen(uv_stream_t *stream, int backlog, uv_connection_cb callback) {
    REAL(uv_listen);
    return fault_next(UV, "uv_listen") ? UV_ENOBUFS : real(stream, backlog, callback);
}

/* libuv has taken the connection from the queue by then, whatever comes of it. */
int uv_accept(uv_stream_t *server, uv_stream_t *client) {
    REAL(uv_accept);
    bool fail = fault_next(UV, "uv_accept") != 0;
    int status = real(server, client);
    return fail ? UV_ENOMEM : status;
}

int uv_write(uv_write_t *request, uv_stream_t *stream, const uv_buf_t buffers[], unsigned count,
             uv_write_cb callback) {
    REAL(uv_write);
    return fault_next(UV, "uv_write") ? UV_ENOMEM : real(request, stream, buffers, count, callback);
}

int uv_pipe_open(uv_pipe_t *pipe, uv_file fd) {
    REAL(uv_pipe_open);
    return fault_next(UV, "uv_pipe_open") ? UV_EINVAL : real(pipe, fd);
}

int uv_read_start(uv_stream_t *stream, uv_alloc_cb allocate, uv_read_cb read) {
    REAL(uv_read_start);
    return fault_next(UV, "uv_read_start") ? UV_ENOTCONN : real(stream, allocate, read);
}

int uv_tcp_connect(uv_connect_t *request, uv_tcp_t *handle, const struct sockaddr *address,
                   uv_connect_cb callback) {
    REAL(uv_tcp_connect);
    return fault_next(UV, "uv_tcp_connect") ? UV_ENOMEM : real(request, handle, address, callback);
}
