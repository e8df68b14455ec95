/* RUN/pgsup.sock: receives the requests of the command line and passes them on as calls. Knows no
 * method. One supervisor per home: a second one finds the lock RUN/pgsup.lock held and fails; the
 * socket of a dead one is replaced.
 *
 * A call is answered exactly once, by call_result() or call_error(), after any number of
 * call_progress(). When its client disconnects, on_gone is called once and the call is freed. */
#pragma once

#include "base/descriptors.h"
#include "base/error.h"
#include "home/home.h"

#include <jansson.h>
#include <uv.h>

#define CONTROL_CLIENT_LIMIT       DESCRIPTORS_CLIENTS /* or a quarter of the descriptors */
#define CONTROL_SURPLUS_LIMIT      64u                 /* further ones that get an error at once */
#define CONTROL_SURPLUS_TIMEOUT_MS 1000u
#define CONTROL_REQUEST_TIMEOUT_MS 10000u     /* for the first one, and for the rest of one */
#define CONTROL_IDLE_TIMEOUT_MS    60000u     /* without a request under way */
#define CONTROL_CALL_LIMIT         4096u      /* requests under way of one client */
#define CONTROL_LOCK_TIMEOUT_MS    15000u     /* for a supervisor that is ending; blocks */
#define CONTROL_BACKLOG_BYTES      (4u << 20) /* unread answers of one client before it is dropped */

struct control_server; /* opaque */
struct call;           /* one request under way */

struct control_calls {
    void (*on_call)(void *context, struct call *call, const char *method, json_t *params);
    void (*on_gone)(void *context, struct call *call); /* the call is freed afterwards */
    void *context;
};

/* The lock is held while the descriptor is open; -1 with a sentence if another supervisor holds it.
 */
int control_server_lock(const struct home *home, struct error *error);
/* The caller holds the lock. */
struct control_server *control_server_open(uv_loop_t *loop, const struct home *home,
                                           const struct control_calls *calls, struct error *error);
void control_server_close(struct control_server *server); /* removes the socket; NULL is fine */

void call_progress(struct call *call, const char *method, json_t *body); /* body is stolen */
void call_result(struct call *call, json_t *body);                       /* body is stolen */
void call_error(struct call *call, const struct error *error);
void call_set_data(struct call *call, void *data);
void *call_data(const struct call *call);
size_t call_unread_bytes(const struct call *call); /* of its client */
bool call_shares_client(const struct call *call, const struct call *other);
