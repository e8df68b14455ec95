#include "seed_server.h"
#include "home/layout.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/file.h"
#include "base/name.h"
#include "cloudinit/http.h"
#include "daemon/share.h"
#include "home/seed/seed.h"
#include "machine/stream.h"

#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { BACKLOG = 511, READ_BYTES = 16384, SEED_PORT_POLL_MS = 50 };

struct seed_server {
    struct home *home;
    struct seed_server_calls calls;
    uv_tcp_t tcp;
    uv_timer_t room; /* when there may be a place for the one that waits */
    struct share_list shares;
    unsigned limit; /* of connections */
    bool waiting;   /* one is accepted by the system and not yet by this server */
    bool closing;
    int open_handles;
    char input[READ_BYTES]; /* of whichever connection is being read */
};

struct connection {
    struct share share;
    struct seed_server *server; /* NULL once it is closing */
    struct http_connection *http;
    uv_tcp_t tcp;
    uv_timer_t deadline;
    enum http_stage stage;        /* that the deadline is of */
    uint64_t stage_began_ms;      /* HTTP_STAGE_BODY: as HTTP_STAGE_HEAD */
    bool writing;                 /* one write at a time */
    struct seed_answer *deferred; /* NULL: none */
    bool refused;                 /* the answer to that is due at the deadline */
    int open_handles;
    char peer[64];
    struct tcp_socket ends; /* local is the peer's */
};

struct seed_answer {
    struct connection *connection; /* NULL once it is gone */
};

static void on_deadline(uv_timer_t *timer);
static void on_room(uv_timer_t *timer);

/* --- deadlines --- */

/* No byte of the peer puts a deadline off: only a whole head, a whole request or a whole answer
 * does. */
static void arm_deadline(struct connection *connection) {
    static const uint64_t limits_ms[] = {[HTTP_STAGE_HEAD] = SEED_HEAD_TIMEOUT_MS,
                                         [HTTP_STAGE_BODY] = SEED_REQUEST_TIMEOUT_MS,
                                         [HTTP_STAGE_ANSWER] = SEED_ANSWER_TIMEOUT_MS};
    uint64_t now_ms = uv_now(connection->deadline.loop);
    uint64_t due_ms = connection->stage_began_ms +
                      (connection->refused ? SEED_REFUSAL_DELAY_MS : limits_ms[connection->stage]);
    if (connection->share.surplus && due_ms > connection->share.since_ms + SEED_GRACE_MS)
        due_ms = connection->share.since_ms + SEED_GRACE_MS;
    uv_timer_start(&connection->deadline, on_deadline, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

static void enter_stage(struct connection *connection, enum http_stage stage) {
    if (stage != HTTP_STAGE_BODY)
        connection->stage_began_ms = uv_now(connection->deadline.loop);
    connection->stage = stage;
    arm_deadline(connection);
}

static bool is_answering(const struct connection *connection) {
    return connection->writing || connection->deferred || connection->refused;
}

static void update_stage(struct connection *connection) {
    enum http_stage stage =
        is_answering(connection) ? HTTP_STAGE_ANSWER : http_stage(connection->http);
    if (connection->server && stage != connection->stage)
        enter_stage(connection, stage);
}

/* --- the end of a connection --- */

static struct connection *connection_of(struct share *share) {
    return (struct connection *)((char *)share - offsetof(struct connection, share));
}

static void on_handle_closed(uv_handle_t *handle) {
    struct connection *connection = handle->data;
    if (--connection->open_handles > 0)
        return;
    http_free(connection->http);
    free(connection);
}

static void connection_drop(struct connection *connection) {
    struct seed_server *server = connection->server;
    if (!server)
        return;
    share_remove(&server->shares, &connection->share);
    connection->server = NULL;
    if (connection->deferred)
        connection->deferred->connection = NULL;
    uv_close((uv_handle_t *)&connection->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&connection->deadline, on_handle_closed);
    if (server->waiting && !server->closing)
        uv_timer_start(&server->room, on_room, 0, 0);
}

/* From now on it counts as this instance's, whose oldest one goes if these are too many. */
static void show_token(struct connection *connection, int64_t instance) {
    struct share_list *shares = &connection->server->shares;
    if (connection->share.instance == instance)
        return;
    share_remove(shares, &connection->share);
    connection->share = (struct share){.instance = instance,
                                       .address = connection->share.address,
                                       .since_ms = uv_now(connection->tcp.loop)};
    share_add(shares, &connection->share);
    struct share *surplus = share_surplus(shares, &connection->share);
    if (surplus)
        connection_drop(connection_of(surplus));
}

/* --- answers --- */

static void respond_text(struct connection *connection, int status, const char *text) {
    http_respond(connection->http, status, NULL, text, strlen(text));
}

static void answer_document(struct connection *connection, const struct store_instance *instance,
                            const struct route *route, const struct http_request *request) {
    struct seed_server *server = connection->server;
    struct buffer content = {0};
    const char *document = seed_document_name(route->document);
    scoped(alloc_release) char *folder = home_instance_folder(server->home, instance->name);
    scoped(alloc_release) char *path = alloc_printf("%s/" LAYOUT_DOCUMENTS "/%s", folder, document);
    scoped(alloc_release) char *agent = name_printable(request->agent, strlen(request->agent), 80);
    struct error error = {0};
    if (!file_exists(path) || file_read(path, SEED_DOCUMENT_LIMIT_BYTES, &content, &error))
        http_respond(connection->http, 200, NULL, content.data ? content.data : "", content.length);
    else
        respond_text(connection, 500, "cannot be read now\n");
    buffer_done(&content);
    if (error.code == ERROR_NONE)
        server->calls.on_document(server->calls.context, instance, route->document,
                                  &(struct seed_caller){agent, connection->peer, connection->ends});
    else
        server->calls.on_refused(server->calls.context, connection->peer, error.text);
}

static struct seed_answer *defer(struct connection *connection) {
    connection->deferred = alloc_zero(sizeof *connection->deferred);
    connection->deferred->connection = connection;
    return connection->deferred;
}

static void answer_phone_home(struct connection *connection, const struct store_instance *instance,
                              const struct route *route, const struct http_request *request) {
    struct seed_server *server = connection->server;
    struct phone_home form = {0};
    struct error error = {0};
    char id[DOCUMENT_CHECK_ID_SIZE];
    bool good = phone_home_parse(request->body, request->body_length, &form, &error) &&
                seed_instance_id(server->home, instance, id, &error);
    if (good && (strcmp(form.instance_id, id) != 0 ||
                 (route->instance_id[0] && strcmp(route->instance_id, id) != 0)))
        good =
            error_set(&error, ERROR_INVALID, "its instance-id is not that of %s", instance->name);
    scoped(alloc_release) char *agent = name_printable(request->agent, strlen(request->agent), 80);
    if (good) {
        const struct seed_caller from = {agent, connection->peer, connection->ends};
        const struct phone_home_call call = {&form, &from, defer(connection)};
        server->calls.on_phone_home(server->calls.context, instance, &call);
    } else {
        respond_text(connection, 400, "not a phone-home of this instance\n");
        server->calls.on_refused(server->calls.context, connection->peer, error.text);
    }
    phone_home_done(&form);
}

static void answer_report(struct connection *connection, const struct store_instance *instance,
                          const struct http_request *request) {
    struct seed_server *server = connection->server;
    struct report report;
    struct error error = {0};
    scoped(alloc_release) char *agent = name_printable(request->agent, strlen(request->agent), 80);
    const struct seed_caller from = {agent, connection->peer, connection->ends};
    if (!report_parse(request->body, request->body_length, &report, &error)) {
        respond_text(connection, 400, "not an event of cloud-init\n");
        server->calls.on_refused(server->calls.context, connection->peer, error.text);
    } else if (server->calls.on_report(server->calls.context, instance, &report, &from)) {
        respond_text(connection, 200, "ok\n");
    } else {
        respond_text(connection, 403, "not from this guest\n");
    }
}

static bool look_up(struct store *store, const struct route *route, struct store_instance *instance,
                    struct error *error) {
    switch (route->secret) {
    case ROUTE_SECRET_SEED:
        return instance_table_get_by_token(store, route->token, instance, error) &&
               (route->kind != ROUTE_PHONE_HOME || !instance->phone_home_token ||
                error_set(error, ERROR_NOT_FOUND, "this token is for reading only"));
    case ROUTE_SECRET_PHONE_HOME:
        return instance_table_get_by_phone_home_token(store, route->token, instance, error);
    case ROUTE_SECRET_REPORT: break;
    }
    char token[SECRET_TOKEN_SIZE];
    if (!instance_table_get(store, route->name, instance, error))
        return false;
    seed_report_token(instance, token);
    return secret_equal(token, route->token) ||
           error_set(error, ERROR_NOT_FOUND, "the token is not that of %s", route->name);
}

static void answer_known(struct connection *connection, const struct store_instance *instance,
                         const struct route *route, const struct http_request *request) {
    if (route->kind == ROUTE_METHOD_NOT_ALLOWED) {
        http_allow(connection->http, route->allow);
        respond_text(connection, 405, "method not allowed\n");
    } else if (route->kind == ROUTE_DOCUMENT) {
        answer_document(connection, instance, route, request);
    } else if (route->kind == ROUTE_REPORT) {
        answer_report(connection, instance, request);
    } else {
        answer_phone_home(connection, instance, route, request);
    }
}

/* Whoever knows no token waits, so that he can ask only so often; nothing of his is read until
 * then. The same 404 for an unknown path and an unknown token: guessing reveals nothing. */
static void refuse_later(struct connection *connection) {
    connection->refused = true;
    uv_read_stop((uv_stream_t *)&connection->tcp);
    enter_stage(connection, HTTP_STAGE_ANSWER);
}

static void answer(struct connection *connection, const struct http_request *request) {
    struct seed_server *server = connection->server;
    struct route route = route_parse(request->method, request->target);
    struct store_instance instance = {0};
    struct error error = {0};
    bool known =
        route.kind != ROUTE_NOT_FOUND && look_up(server->home->store, &route, &instance, &error);
    if (error.code != ERROR_NONE && error.code != ERROR_NOT_FOUND) {
        respond_text(connection, 500, "cannot be looked up now\n");
        server->calls.on_refused(server->calls.context, connection->peer, error.text);
    } else if (!known) {
        refuse_later(connection);
        server->calls.on_refused(server->calls.context, connection->peer, "unknown seed path");
    } else {
        show_token(connection, instance.id);
        answer_known(connection, &instance, &route, request);
    }
    store_instance_done(&instance);
}

/* --- connections --- */

static void serve(struct connection *connection);

static void on_connection_written(void *owner, size_t length, int status) {
    struct connection *connection = owner;
    (void)length;
    connection->writing = false;
    if (status < 0) {
        connection_drop(connection);
    } else if (connection->server) {
        enter_stage(connection, http_stage(connection->http));
        serve(connection);
    }
}

/* One answer is written before the next request is read: a client that sends and never reads fills
 * its own socket, not the supervisor's memory. */
static void serve_next(struct connection *connection) {
    struct http_request request;
    if (is_answering(connection))
        return;
    struct buffer *output = http_output(connection->http);
    if (output->length == 0 && http_next(connection->http, &request))
        answer(connection, &request);
    if (is_answering(connection)) /* answered inside answer(), or later */
        return;
    output = http_output(connection->http);
    if (output->length == 0) {
        if (http_closing(connection->http))
            connection_drop(connection);
        return;
    }
    connection->writing =
        stream_write((uv_stream_t *)&connection->tcp, output, connection, on_connection_written);
    if (!connection->writing)
        connection_drop(connection);
}

static void serve(struct connection *connection) {
    serve_next(connection);
    update_stage(connection);
}

void seed_server_answer(struct seed_answer *answer, enum seed_result result) {
    static const struct {
        int status;
        const char *text;
    } answers[] = {
        [SEED_TAKEN] = {200, "ok\n"},
        [SEED_FAILED] = {500, "cannot be recorded now\n"},
        [SEED_REFUSED] = {403, "not from this guest in this boot\n"},
    };
    struct connection *connection = answer->connection;
    free(answer);
    if (!connection)
        return;
    connection->deferred = NULL;
    respond_text(connection, answers[result].status, answers[result].text);
    serve(connection);
}

static void on_connection_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    struct connection *connection = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(connection->server->input, READ_BYTES);
}

static void on_connection_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    struct connection *connection = stream->data;
    if (length < 0) {
        connection_drop(connection);
        return;
    }
    http_feed(connection->http, buffer->base, (size_t)length);
    serve(connection);
}

static void refuse(struct connection *connection) {
    connection->refused = false;
    respond_text(connection, 404, "not found\n");
    uv_read_start((uv_stream_t *)&connection->tcp, on_connection_allocate, on_connection_read);
    serve(connection);
}

static void on_deadline(uv_timer_t *timer) {
    struct connection *connection = timer->data;
    if (connection->refused && !connection->share.surplus) {
        refuse(connection);
        return;
    }
    if (connection->stage == HTTP_STAGE_ANSWER) {
        connection_drop(connection);
        return;
    }
    http_idle(connection->http);
    serve(connection);
}

static struct tcp_end end_of(const struct sockaddr_in *address) {
    return (struct tcp_end){ntohl(address->sin_addr.s_addr), ntohs(address->sin_port)};
}

static void remember_peer(struct connection *connection) {
    struct sockaddr_in peer = {0}, own = {0};
    int peer_length = sizeof peer, own_length = sizeof own;
    if (uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&peer, &peer_length) != 0 ||
        uv_tcp_getsockname(&connection->tcp, (struct sockaddr *)&own, &own_length) != 0)
        return;
    connection->share.address = peer.sin_addr.s_addr;
    connection->ends = (struct tcp_socket){end_of(&peer), end_of(&own)};
    uv_ip4_name(&peer, connection->peer, sizeof connection->peer);
}

static struct connection *connection_new(struct seed_server *server) {
    struct connection *connection = alloc_zero(sizeof *connection);
    uv_tcp_init(server->tcp.loop, &connection->tcp);
    uv_timer_init(server->tcp.loop, &connection->deadline);
    connection->tcp.data = connection->deadline.data = connection;
    connection->open_handles = 2;
    connection->http = http_new();
    connection->server = server;
    connection->share.since_ms = uv_now(server->tcp.loop);
    share_add(&server->shares, &connection->share);
    return connection;
}

/* --- newcomers --- */

/* Those that are too many for their address have SEED_GRACE_MS to show a token. */
static void limit_share(struct seed_server *server, const struct share *of) {
    struct share *share = share_surplus(&server->shares, of);
    if (!share)
        return;
    share->surplus = true;
    arm_deadline(connection_of(share));
}

/* False: all places are taken by connections so young that they may yet show a token; the newcomer
 * waits. */
static bool make_room(struct seed_server *server) {
    if (server->shares.count < server->limit)
        return true;
    struct share *victim = share_victim(&server->shares);
    uint64_t now_ms = uv_now(server->tcp.loop), age_ms = now_ms - victim->since_ms;
    if (age_ms < SEED_GRACE_MS) {
        uv_timer_start(&server->room, on_room, SEED_GRACE_MS - age_ms, 0);
        return false;
    }
    connection_drop(connection_of(victim));
    return true;
}

static void take_waiting(struct seed_server *server) {
    if (!make_room(server))
        return;
    server->waiting = false;
    uv_timer_stop(&server->room);
    struct connection *connection = connection_new(server);
    if (uv_accept((uv_stream_t *)&server->tcp, (uv_stream_t *)&connection->tcp) < 0) {
        connection_drop(connection);
        return;
    }
    remember_peer(connection);
    enter_stage(connection, HTTP_STAGE_HEAD);
    limit_share(server, &connection->share);
    uv_read_start((uv_stream_t *)&connection->tcp, on_connection_allocate, on_connection_read);
}

static void on_room(uv_timer_t *timer) {
    struct seed_server *server = timer->data;
    if (server->waiting)
        take_waiting(server);
}

/* libuv reports no further one until this one is taken: they wait in the system's queue. */
static void on_connection(uv_stream_t *stream, int status) {
    struct seed_server *server = stream->data;
    if (status < 0)
        return;
    server->waiting = true;
    take_waiting(server);
}

/* --- the listener --- */

static void on_server_closed(uv_handle_t *handle) {
    struct seed_server *server = handle->data;
    if (--server->open_handles == 0)
        free(server);
}

static void close_handles(struct seed_server *server) {
    uv_close((uv_handle_t *)&server->tcp, on_server_closed);
    uv_close((uv_handle_t *)&server->room, on_server_closed);
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
    server->tcp.data = server->room.data = server;
    server->open_handles = 2;
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
        server->home = home;
        server->limit = descriptors_share(SEED_CONNECTION_LIMIT);
        server->calls = options->calls;
    } else {
        explain(status, options->address, options->port, error);
    }
    return server;
}

void seed_server_close(struct seed_server *server) {
    if (!server || server->closing)
        return;
    server->closing = true;
    while (server->shares.first)
        connection_drop(connection_of(server->shares.first));
    close_handles(server);
}
