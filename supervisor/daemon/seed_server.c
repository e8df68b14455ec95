#include "seed_server.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/descriptors.h"

#include <poll.h>
#include <stdlib.h>

/* The system keeps fewer, if it is set so. More guests than that wait a second or three, until they
 * try again. */
enum { BACKLOG = 4096, SEED_PORT_POLL_MS = 50 };

struct seed_server {
    struct seed_request_context requests;
    struct seed_connections connections;
    uv_tcp_t tcp;
    uv_prepare_t turn;
    uv_check_t polled;
    uv_timer_t room; /* when there may be a place for the one that waits */
    unsigned limit;  /* of connections */
    bool waiting;    /* one is accepted by the system and not yet by this server */
    bool closing;
    int open_handles;
};

static void on_request(void *context, struct seed_connection *connection,
                       const struct http_request *request) {
    struct seed_server *server = context;
    seed_request_answer(&server->requests, connection, request);
}

/* --- newcomers --- */

/* Those that are too many for their address have SEED_GRACE_MS to show a token. */
static void limit_share(struct seed_server *server, const struct share *of) {
    struct share *share = share_surplus(&server->connections.shares, of);
    if (share)
        seed_connection_hurry(seed_connection_of(share));
}

static bool has_place(const struct seed_server *server) {
    return server->connections.shares.count < server->limit;
}

/* Only makes the loop turn. */
static void on_room(uv_timer_t *timer) {
    (void)timer;
}

/* False: all places are taken by connections so young that they may yet show a token; the newcomer
 * waits. */
static bool make_room(struct seed_server *server) {
    if (has_place(server))
        return true;
    struct share *victim = share_victim(&server->connections.shares);
    uint64_t now_ms = uv_now(server->tcp.loop), age_ms = now_ms - victim->since_ms;
    if (age_ms < SEED_GRACE_MS) {
        uv_timer_start(&server->room, on_room, SEED_GRACE_MS - age_ms, 0);
        return false;
    }
    seed_connection_drop(seed_connection_of(victim));
    return true;
}

static void take_waiting(struct seed_server *server) {
    server->waiting = false;
    uv_timer_stop(&server->room);
    struct seed_connection *connection =
        seed_connection_accept(&server->connections, (uv_stream_t *)&server->tcp);
    if (connection)
        limit_share(server, &connection->share);
}

static void on_left(void *context) {
    struct seed_server *server = context;
    if (server->waiting && !server->closing)
        uv_timer_start(&server->room, on_room, 0, 0);
}

/* All that had come is read now: a connection that has shown no token has sent none, even if the
 * supervisor was busy with something else until its time was over. */
static void on_polled(uv_check_t *polled) {
    struct seed_server *server = polled->data;
    if (server->waiting && make_room(server))
        take_waiting(server);
}

/* libuv reports no further one until this one is taken: they wait in the system's queue. */
static void on_connection(uv_stream_t *stream, int status) {
    struct seed_server *server = stream->data;
    if (status < 0)
        return;
    server->waiting = true;
    if (has_place(server))
        take_waiting(server);
}

static void on_turn(uv_prepare_t *turn) {
    struct seed_server *server = turn->data;
    seed_cache_turn(server->requests.cache, clock_wall_ms(), server->connections.shares.count > 0);
}

/* --- the listener --- */

static void on_server_closed(uv_handle_t *handle) {
    struct seed_server *server = handle->data;
    if (--server->open_handles > 0)
        return;
    seed_cache_free(server->requests.cache);
    free(server);
}

static void close_handles(struct seed_server *server) {
    uv_close((uv_handle_t *)&server->tcp, on_server_closed);
    uv_close((uv_handle_t *)&server->room, on_server_closed);
    uv_close((uv_handle_t *)&server->turn, on_server_closed);
    uv_close((uv_handle_t *)&server->polled, on_server_closed);
}

static bool explain(int status, const char *address, uint16_t port, struct error *error) {
    if (status == UV_EADDRINUSE)
        return error_set(error, ERROR_EXISTS,
                         "port %u on %s is in use by another program: stop it, or choose another "
                         "with `pgsup cloud set --ph-port`",
                         port, address);
    if (status == UV_EADDRNOTAVAIL)
        return error_set(error, ERROR_INVALID,
                         "the address %s (--host-ip4) is not one of this machine", address);
    return error_set(error, ERROR_FAILED, "cannot listen on %s port %u: %s", address, port,
                     uv_strerror(status));
}

static int listen_on(uv_loop_t *loop, const struct sockaddr_in *where,
                     struct seed_server **opened) {
    struct seed_server *server = alloc_zero(sizeof *server);
    uv_tcp_init(loop, &server->tcp);
    uv_timer_init(loop, &server->room);
    uv_prepare_init(loop, &server->turn);
    uv_check_init(loop, &server->polled);
    server->tcp.data = server->room.data = server->turn.data = server->polled.data = server;
    server->open_handles = 4;
    int status = uv_tcp_bind(&server->tcp, (const struct sockaddr *)where, 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)&server->tcp, BACKLOG, on_connection);
    if (status == 0)
        *opened = server;
    else
        close_handles(server);
    return status;
}

/* A supervisor that was killed while it spawned a QEMU leaves its socket to the child until that
 * one's exec; hence the timeout. */
struct seed_server *seed_server_open(uv_loop_t *loop, struct home *home,
                                     const struct seed_server_options *options,
                                     struct error *error) {
    struct sockaddr_in where;
    struct seed_server *server = NULL;
    uint64_t deadline_ms = clock_monotonic_ms() + options->timeout_ms;
    int status = uv_ip4_addr(options->address, options->port, &where);
    if (status == 0)
        status = listen_on(loop, &where, &server);
    while (status == UV_EADDRINUSE && clock_monotonic_ms() < deadline_ms) {
        poll(NULL, 0, SEED_PORT_POLL_MS);
        status = listen_on(loop, &where, &server);
    }
    if (server) {
        server->requests = (struct seed_request_context){home, options->calls,
                                                         seed_cache_new(home, options->recorder)};
        uv_prepare_start(&server->turn, on_turn);
        uv_check_start(&server->polled, on_polled);
        uv_unref((uv_handle_t *)&server->turn);
        uv_unref((uv_handle_t *)&server->polled);
        server->connections.on_request = on_request;
        server->connections.on_left = on_left;
        server->connections.context = server;
        server->limit = descriptors_share(SEED_CONNECTION_LIMIT);
    } else {
        explain(status, options->address, options->port, error);
    }
    return server;
}

void seed_server_close(struct seed_server *server) {
    if (!server || server->closing)
        return;
    server->closing = true;
    while (server->connections.shares.first)
        seed_connection_drop(seed_connection_of(server->connections.shares.first));
    close_handles(server);
}
