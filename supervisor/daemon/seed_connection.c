#include "seed_connection.h"

#include "base/alloc.h"
#include "machine/stream.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct seed_answer {
    struct seed_connection *connection; /* NULL once it is gone */
};

static void on_deadline(uv_timer_t *timer);

/* --- deadlines --- */

static void start_timer(struct seed_connection *connection, uint64_t at_ms) {
    uint64_t now_ms = uv_now(connection->deadline.loop);
    connection->timer_ms = at_ms;
    uv_timer_start(&connection->deadline, on_deadline, at_ms > now_ms ? at_ms - now_ms : 0, 0);
}

/* No byte of the peer puts a deadline off: only a whole head, a whole request or a whole answer
 * does. Then the timer goes on, and looks again when it is due. */
static void arm_deadline(struct seed_connection *connection) {
    static const uint64_t limits_ms[] = {[HTTP_STAGE_HEAD] = SEED_HEAD_TIMEOUT_MS,
                                         [HTTP_STAGE_BODY] = SEED_REQUEST_TIMEOUT_MS,
                                         [HTTP_STAGE_ANSWER] = SEED_ANSWER_TIMEOUT_MS};
    uint64_t due_ms = connection->stage_began_ms +
                      (connection->refused ? SEED_REFUSAL_DELAY_MS : limits_ms[connection->stage]);
    if (connection->share.surplus && due_ms > connection->share.since_ms + SEED_GRACE_MS)
        due_ms = connection->share.since_ms + SEED_GRACE_MS;
    connection->due_ms = due_ms;
    connection->expired = false;
    if (!uv_is_active((uv_handle_t *)&connection->deadline) || due_ms < connection->timer_ms)
        start_timer(connection, due_ms);
}

static void enter_stage(struct seed_connection *connection, enum http_stage stage) {
    if (stage != HTTP_STAGE_BODY)
        connection->stage_began_ms = uv_now(connection->deadline.loop);
    connection->stage = stage;
    arm_deadline(connection);
}

static bool is_answering(const struct seed_connection *connection) {
    return connection->writing || connection->deferred || connection->refused;
}

static void update_stage(struct seed_connection *connection) {
    enum http_stage stage =
        is_answering(connection) ? HTTP_STAGE_ANSWER : http_stage(connection->http);
    if (connection->all && stage != connection->stage)
        enter_stage(connection, stage);
}

/* --- the end of a connection --- */

struct seed_connection *seed_connection_of(struct share *share) {
    return (struct seed_connection *)((char *)share - offsetof(struct seed_connection, share));
}

static void on_handle_closed(uv_handle_t *handle) {
    struct seed_connection *connection = handle->data;
    if (--connection->open_handles > 0)
        return;
    http_free(connection->http);
    free(connection);
}

void seed_connection_drop(struct seed_connection *connection) {
    struct seed_connections *all = connection->all;
    if (!all)
        return;
    share_remove(&all->shares, &connection->share);
    connection->all = NULL;
    if (connection->deferred)
        connection->deferred->connection = NULL;
    uv_close((uv_handle_t *)&connection->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&connection->deadline, on_handle_closed);
    all->on_left(all->context);
}

void seed_connection_show_token(struct seed_connection *connection, int64_t instance) {
    struct share_list *shares = &connection->all->shares;
    if (connection->share.instance == instance)
        return;
    share_remove(shares, &connection->share);
    connection->share = (struct share){.instance = instance,
                                       .address = connection->share.address,
                                       .since_ms = uv_now(connection->tcp.loop)};
    share_add(shares, &connection->share);
    struct share *surplus = share_surplus(shares, &connection->share);
    if (surplus)
        seed_connection_drop(seed_connection_of(surplus));
}

/* --- answers --- */

void seed_connection_respond(struct seed_connection *connection, int status, const char *text) {
    http_respond(connection->http, status, NULL, text, strlen(text));
}

struct seed_answer *seed_connection_defer(struct seed_connection *connection) {
    connection->deferred = alloc_zero(sizeof *connection->deferred);
    connection->deferred->connection = connection;
    return connection->deferred;
}

void seed_connection_refuse(struct seed_connection *connection) {
    connection->refused = true;
    uv_read_stop((uv_stream_t *)&connection->tcp);
    enter_stage(connection, HTTP_STAGE_ANSWER);
}

/* --- connections --- */

static void serve(struct seed_connection *connection);

static void on_connection_written(void *owner, size_t length, int status) {
    struct seed_connection *connection = owner;
    (void)length;
    connection->writing = false;
    if (status < 0) {
        seed_connection_drop(connection);
    } else if (connection->all) {
        enter_stage(connection, http_stage(connection->http));
        serve(connection);
    }
}

/* True: an answer was written, and the next request may be served. */
static bool serve_next(struct seed_connection *connection) {
    struct http_request request;
    if (is_answering(connection))
        return false;
    struct buffer *output = http_output(connection->http);
    if (output->length == 0 && http_next(connection->http, &request))
        connection->all->on_request(connection->all->context, connection, &request);
    if (is_answering(connection)) /* answered inside on_request(), or later */
        return false;
    output = http_output(connection->http);
    if (output->length == 0) {
        if (http_closing(connection->http))
            seed_connection_drop(connection);
        return false;
    }
    if (stream_write_now((uv_stream_t *)&connection->tcp, output)) {
        enter_stage(connection, http_stage(connection->http));
        return true;
    }
    connection->writing =
        stream_write((uv_stream_t *)&connection->tcp, output, connection, on_connection_written);
    if (!connection->writing)
        seed_connection_drop(connection);
    return false;
}

static void serve(struct seed_connection *connection) {
    while (serve_next(connection))
        continue;
    update_stage(connection);
}

void seed_connection_settle(struct seed_answer *answer, int status, const char *text) {
    struct seed_connection *connection = answer->connection;
    free(answer);
    if (!connection)
        return;
    connection->deferred = NULL;
    seed_connection_respond(connection, status, text);
    serve(connection);
}

static void on_connection_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    struct seed_connection *connection = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(connection->all->input, SEED_READ_BYTES);
}

static void on_connection_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    struct seed_connection *connection = stream->data;
    if (length < 0) {
        seed_connection_drop(connection);
        return;
    }
    http_feed(connection->http, buffer->base, (size_t)length);
    serve(connection);
}

static void refuse(struct seed_connection *connection) {
    connection->refused = false;
    seed_connection_respond(connection, 404, "not found\n");
    uv_read_start((uv_stream_t *)&connection->tcp, on_connection_allocate, on_connection_read);
    serve(connection);
}

static void on_deadline(uv_timer_t *timer) {
    struct seed_connection *connection = timer->data;
    uint64_t now_ms = uv_now(timer->loop);
    if (connection->due_ms > now_ms) {
        start_timer(connection, connection->due_ms);
        return;
    }
    if (connection->refused && !connection->share.surplus) {
        refuse(connection);
        return;
    }
    if (!connection->expired) {
        connection->expired = true;
        start_timer(connection, now_ms + 1);
        return;
    }
    if (connection->stage == HTTP_STAGE_ANSWER) {
        seed_connection_drop(connection);
        return;
    }
    http_idle(connection->http);
    serve(connection);
}

static struct tcp_end end_of(const struct sockaddr_in *address) {
    return (struct tcp_end){ntohl(address->sin_addr.s_addr), ntohs(address->sin_port)};
}

static void remember_peer(struct seed_connection *connection) {
    struct sockaddr_in peer = {0}, own = {0};
    int peer_length = sizeof peer, own_length = sizeof own;
    if (uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&peer, &peer_length) != 0 ||
        uv_tcp_getsockname(&connection->tcp, (struct sockaddr *)&own, &own_length) != 0)
        return;
    connection->share.address = peer.sin_addr.s_addr;
    connection->guest.ends = (struct tcp_socket){end_of(&peer), end_of(&own)};
    uv_ip4_name(&peer, connection->peer, sizeof connection->peer);
}

static struct seed_connection *connection_new(struct seed_connections *all, uv_loop_t *loop) {
    struct seed_connection *connection = alloc_zero(sizeof *connection);
    uv_tcp_init(loop, &connection->tcp);
    uv_timer_init(loop, &connection->deadline);
    connection->tcp.data = connection->deadline.data = connection;
    connection->open_handles = 2;
    connection->http = http_new();
    connection->all = all;
    connection->share.since_ms = uv_now(loop);
    return connection;
}

struct seed_connection *seed_connection_accept(struct seed_connections *all,
                                               uv_stream_t *listener) {
    struct seed_connection *connection = connection_new(all, listener->loop);
    int status = uv_accept(listener, (uv_stream_t *)&connection->tcp);
    if (status == 0)
        remember_peer(connection);
    share_add(&all->shares, &connection->share);
    if (status < 0) {
        seed_connection_drop(connection);
        return NULL;
    }
    enter_stage(connection, HTTP_STAGE_HEAD);
    uv_read_start((uv_stream_t *)&connection->tcp, on_connection_allocate, on_connection_read);
    return connection;
}

void seed_connection_hurry(struct seed_connection *connection) {
    connection->share.surplus = true;
    arm_deadline(connection);
}
