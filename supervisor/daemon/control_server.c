#include "control_server.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/file.h"
#include "base/line.h"
#include "control/protocol.h"
#include "home/run_folder.h"
#include "machine/read_buffer.h"
#include "machine/socket.h"
#include "machine/stream.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 128, LOCK_POLL_MS = 50 };

struct control_server {
    struct control_calls calls;
    char *path;
    uv_pipe_t pipe;
    struct client *clients;
    unsigned count, limit; /* of clients */
    bool closing;
};

struct client {
    struct client *next;
    struct control_server *server; /* NULL once it is closing */
    uv_pipe_t pipe;
    uv_timer_t silence;
    struct line_splitter lines;
    struct call *calls;
    unsigned call_count;
    size_t unwritten;
    bool doomed;
    bool half;    /* a request has begun, and its deadline with it */
    bool surplus; /* beyond the limit: its first request is refused */
    int open_handles;
};

struct call {
    struct call *next, **slot; /* slot: what leads to this one */
    struct client *client;
    json_t *id;
    void *data;
};

static void client_drop(struct client *client);

/* --- answers --- */

static void on_client_written(void *owner, size_t length, int status) {
    struct client *client = owner;
    client->unwritten -= length;
    if (status < 0)
        client_drop(client);
}

static void on_silence(uv_timer_t *timer) {
    client_drop(timer->data);
}

/* Closes at the next turn of the loop, because the caller may still hold the call. */
static void client_doom(struct client *client) {
    client->doomed = true;
    if (client->server)
        uv_timer_start(&client->silence, on_silence, 0, 0);
}

/* A client that does not read its answers is dropped. */
static void client_put(struct client *client, struct buffer *line) {
    if (!client->server || client->doomed ||
        client->unwritten + line->length > CONTROL_BACKLOG_BYTES) {
        buffer_done(line);
        client_doom(client);
        return;
    }
    if (stream_write_now((uv_stream_t *)&client->pipe, line)) {
        buffer_done(line);
        return;
    }
    size_t length = line->length;
    if (stream_write((uv_stream_t *)&client->pipe, line, client, on_client_written))
        client->unwritten += length;
    else
        client_doom(client);
}

/* A place is for those who wait for an answer, or are about to ask. */
static void expect_request(struct client *client) {
    if (client->server && !client->doomed && !client->half && !client->calls)
        uv_timer_start(&client->silence, on_silence, CONTROL_IDLE_TIMEOUT_MS, 0);
}

static void call_free(struct call *call) {
    json_decref(call->id);
    free(call);
}

static void call_link(struct client *client, struct call *call) {
    call->client = client;
    call->next = client->calls;
    call->slot = &client->calls;
    if (call->next)
        call->next->slot = &call->next;
    client->calls = call;
    client->call_count++;
}

static void call_unlink(struct call *call) {
    *call->slot = call->next;
    if (call->next)
        call->next->slot = call->slot;
    call->client->call_count--;
}

static void call_finish(struct call *call, struct buffer *line) {
    struct client *client = call->client;
    call_unlink(call);
    call_free(call);
    client_put(client, line);
    expect_request(client);
}

void call_progress(struct call *call, const char *method, json_t *body) {
    struct buffer line = {0};
    control_encode_notification(&line, method, body);
    client_put(call->client, &line);
}

void call_result(struct call *call, json_t *body) {
    struct buffer line = {0};
    control_encode_result(&line, call->id, body);
    call_finish(call, &line);
}

void call_error(struct call *call, const struct error *error) {
    struct buffer line = {0};
    control_encode_error(&line, call->id, error);
    call_finish(call, &line);
}

void call_set_data(struct call *call, void *data) {
    call->data = data;
}

void *call_data(const struct call *call) {
    return call->data;
}

size_t call_unread_bytes(const struct call *call) {
    return call->client->unwritten;
}

bool call_shares_client(const struct call *call, const struct call *other) {
    return call->client == other->client;
}

/* --- clients --- */

static void on_handle_closed(uv_handle_t *handle) {
    struct client *client = handle->data;
    if (--client->open_handles > 0)
        return;
    line_done(&client->lines);
    free(client);
}

static void client_drop(struct client *client) {
    struct control_server *server = client->server;
    if (!server)
        return;
    struct client **slot = &server->clients;
    while (*slot != client)
        slot = &(*slot)->next;
    *slot = client->next;
    server->count--;
    client->server = NULL;
    while (client->calls) {
        struct call *call = client->calls;
        call_unlink(call);
        server->calls.on_gone(server->calls.context, call);
        call_free(call);
    }
    uv_close((uv_handle_t *)&client->pipe, on_handle_closed);
    uv_close((uv_handle_t *)&client->silence, on_handle_closed);
}

static void client_refuse(struct client *client, json_t *id, const struct error *error) {
    struct buffer line = {0};
    control_encode_error(&line, id, error);
    client_put(client, &line);
}

static void on_line(struct client *client, const char *line, size_t length) {
    struct control_server *server = client->server;
    struct control_message message;
    struct error error = {0};
    if (!control_decode(line, length, &message, &error)) {
        client_refuse(client, message.id, &error);
    } else if (message.kind == CONTROL_REQUEST && client->surplus) {
        error_set(&error, ERROR_FAILED,
                  "the supervisor has all the %u clients it takes: try again later", server->limit);
        client_refuse(client, message.id, &error);
        client_doom(client);
    } else if (message.kind == CONTROL_REQUEST && client->call_count >= CONTROL_CALL_LIMIT) {
        error_set(&error, ERROR_FAILED, "one client may have at most %u requests under way",
                  CONTROL_CALL_LIMIT);
        client_refuse(client, message.id, &error);
    } else if (message.kind == CONTROL_REQUEST) {
        struct call *call = alloc_zero(sizeof *call);
        call->id = json_incref(message.id);
        call_link(client, call);
        server->calls.on_call(server->calls.context, call, message.method, message.body);
    }
    control_message_done(&message);
}

/* No byte of it puts the deadline of a request off. */
static void expect_rest(struct client *client) {
    bool half = client->lines.bytes.length > client->lines.taken;
    if (half && !client->half && client->server && !client->doomed)
        uv_timer_start(&client->silence, on_silence, CONTROL_REQUEST_TIMEOUT_MS, 0);
    client->half = half;
}

static void on_client_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    struct client *client = stream->data;
    if (length < 0) {
        client_drop(client);
        return;
    }
    char *line;
    size_t size;
    line_feed(&client->lines, buffer->base, (size_t)length);
    while (client->server && !client->doomed && (line = line_next(&client->lines, &size))) {
        uv_timer_stop(&client->silence);
        client->half = false;
        on_line(client, line, size);
        expect_request(client);
    }
    expect_rest(client);
    if (client->server && client->lines.broken) {
        struct error error = {0};
        error_set(&error, ERROR_USAGE, "a request may have at most %u bytes",
                  CONTROL_REQUEST_LIMIT_BYTES);
        client_refuse(client, NULL, &error);
        client_doom(client);
    }
}

static void on_connection(uv_stream_t *stream, int status) {
    struct control_server *server = stream->data;
    if (status < 0)
        return;
    struct client *client = alloc_zero(sizeof *client);
    uv_pipe_init(stream->loop, &client->pipe, 0);
    uv_timer_init(stream->loop, &client->silence);
    client->pipe.data = client->silence.data = client;
    client->open_handles = 2;
    line_init(&client->lines, CONTROL_REQUEST_LIMIT_BYTES);
    client->server = server;
    client->next = server->clients;
    server->clients = client;
    server->count++;
    if (uv_accept(stream, (uv_stream_t *)&client->pipe) < 0 ||
        server->count > server->limit + CONTROL_SURPLUS_LIMIT) {
        client_drop(client);
        return;
    }
    client->surplus = server->count > server->limit;
    uv_timer_start(&client->silence, on_silence,
                   client->surplus ? CONTROL_SURPLUS_TIMEOUT_MS : CONTROL_REQUEST_TIMEOUT_MS, 0);
    uv_read_start((uv_stream_t *)&client->pipe, read_buffer_allocate, on_client_read);
}

/* --- the listener --- */

static void server_free(struct control_server *server) {
    free(server->path);
    free(server);
}

static void on_server_closed(uv_handle_t *handle) {
    server_free(handle->data);
}

/* Waits for a supervisor that is ending: it has removed its socket and writes its last records. */
static bool take_lock(int fd, const char *socket) {
    uint64_t until_ms = clock_monotonic_ms() + CONTROL_LOCK_TIMEOUT_MS;
    for (;;) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(fd, F_SETLK, &lock) == 0)
            return true;
        if (file_exists(socket) || clock_monotonic_ms() >= until_ms)
            return false;
        poll(NULL, 0, LOCK_POLL_MS);
    }
}

/* The lock belongs to the process, so that a dead one does not leave it behind. */
int control_server_lock(const struct home *home, struct error *error) {
    scoped(alloc_release) char *path = run_folder_lock(home->run);
    scoped(alloc_release) char *socket = run_folder_control(home->run);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && take_lock(fd, socket))
        return fd;
    if (fd < 0) {
        error_errno(error, "cannot write %s", path);
        return -1;
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    fcntl(fd, F_GETLK, &lock);
    error_set(error, ERROR_WRONG_STATE,
              "a supervisor runs already for %s (process %ld): `pgsup down` ends it", home->path,
              (long)lock.l_pid);
    file_release(&fd);
    return -1;
}

struct control_server *control_server_open(uv_loop_t *loop, const struct home *home,
                                           const struct control_calls *calls, struct error *error) {
    struct control_server *server = alloc_zero(sizeof *server);
    server->calls = *calls;
    server->limit = descriptors_share(CONTROL_CLIENT_LIMIT);
    server->path = run_folder_control(home->run);
    int fd = socket_listen(server->path, error);
    if (fd < 0) {
        server_free(server);
        return NULL;
    }
    uv_pipe_init(loop, &server->pipe, 0);
    server->pipe.data = server;
    int status = uv_pipe_open(&server->pipe, fd);
    if (status == 0)
        status = uv_listen((uv_stream_t *)&server->pipe, BACKLOG, on_connection);
    if (status == 0)
        return server;
    error_set(error, ERROR_FAILED, "cannot listen on %s: %s", server->path, uv_strerror(status));
    uv_close((uv_handle_t *)&server->pipe, on_server_closed);
    return NULL;
}

void control_server_close(struct control_server *server) {
    if (!server || server->closing)
        return;
    server->closing = true;
    unlink(server->path);
    while (server->clients)
        client_drop(server->clients);
    uv_close((uv_handle_t *)&server->pipe, on_server_closed);
}
