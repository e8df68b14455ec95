/* One connection of the seed server: reads, hands on one request at a time and writes its answer
 * before it reads the next, so that a client that sends and never reads fills its own socket, not
 * the supervisor's memory. Holds the deadlines, none of which a byte of the peer puts off; what had
 * come in time counts, however late the supervisor reads it. Knows no document, no instance's name
 * and no listener.
 *
 * Each request is answered once: by http_respond() or seed_connection_respond() before on_request()
 * returns, by seed_connection_refuse(), or later through seed_connection_defer(). A connection
 * frees itself some time after seed_connection_drop(), and when its peer has gone. */
#pragma once

#include "cloudinit/http.h"
#include "daemon/guest_peer.h"
#include "daemon/share.h"

#include <uv.h>

#define SEED_GRACE_MS           250u   /* in which a connection that is too many shows a token */
#define SEED_HEAD_TIMEOUT_MS    10000u /* since the connection, or since the last answer */
#define SEED_REQUEST_TIMEOUT_MS 30000u /* likewise; the whole request */
#define SEED_ANSWER_TIMEOUT_MS  30000u /* until the peer has taken it */
#define SEED_REFUSAL_DELAY_MS   100u   /* of the answer to a request without a known token */
#define SEED_READ_BYTES         16384u

struct seed_connection;
struct seed_answer; /* opaque: to a guest that waits, or has disconnected */

/* What the connections of one server share; the owner's, and outlives them. */
struct seed_connections {
    struct share_list shares;
    void (*on_request)(void *context, struct seed_connection *connection,
                       const struct http_request *request);
    void (*on_left)(void *context); /* there is one less */
    void *context;
    char input[SEED_READ_BYTES]; /* of whichever is being read */
};

struct seed_connection {
    struct share share;
    struct seed_connections *all; /* NULL once it is closing */
    struct http_connection *http;
    uv_tcp_t tcp;
    uv_timer_t deadline;
    enum http_stage stage;        /* that the deadline is of */
    uint64_t stage_began_ms;      /* HTTP_STAGE_BODY: as HTTP_STAGE_HEAD */
    uint64_t due_ms, timer_ms;    /* the deadline; when its timer looks at it, not later */
    bool expired;                 /* once more is read what came in time */
    bool writing;                 /* one write at a time */
    struct seed_answer *deferred; /* NULL: none */
    bool refused;                 /* the answer to that is due at the deadline */
    int open_handles;
    char peer[64];
    struct guest_peer guest; /* whose connection this is */
};

/* Takes the one that waits at the listener. NULL: it has gone. */
struct seed_connection *seed_connection_accept(struct seed_connections *all, uv_stream_t *listener);
struct seed_connection *seed_connection_of(struct share *share);
/* Gives up its place unless it shows a token within SEED_GRACE_MS of its beginning. */
void seed_connection_hurry(struct seed_connection *connection);
void seed_connection_drop(struct seed_connection *connection);

/* From now on it counts as this instance's, whose oldest one goes if these are too many. */
void seed_connection_show_token(struct seed_connection *connection, int64_t instance);
void seed_connection_respond(struct seed_connection *connection, int status, const char *text);
/* Whoever knows no token waits for his 404, so that he can ask only so often; nothing of his is
 * read until then. */
void seed_connection_refuse(struct seed_connection *connection);
struct seed_answer *seed_connection_defer(struct seed_connection *connection);
/* Exactly once, also after the connection or the server has gone. */
void seed_connection_settle(struct seed_answer *answer, int status, const char *text);
