/* The command line's end of the control protocol: one blocking connection to the supervisor. */
#pragma once

#include "base/error.h"
#include "home/home.h"

#include <jansson.h>

struct client; /* opaque */
struct progress;

/* ERROR_NO_SUPERVISOR when none runs, ERROR_TIMEOUT when it does not answer, ERROR_WRONG_STATE when
 * it is of another version: only `pgsup down` talks to any (client_open_any). */
struct client *client_open(const struct home *home, struct error *error);
struct client *client_open_any(const struct home *home, struct error *error);
void client_close(struct client *client); /* NULL is fine */

/* Waits until all that the supervisor has done by now is in the store, so that nobody reads there
 * less than an answer has told him. At most so long, and not without one: then the store has what
 * it has. */
void client_await_written(const struct home *home);
#define CLIENT_WRITTEN_MS 2000 /* half of it until it is connected */

#define CLIENT_STATUS_MS 1000 /* between the questions for progress */

/* Sends one request and waits for its answer; params is stolen. NULL: error is set to the
 * supervisor's. The caller owns the result. The supervisor limits how long it takes. */
json_t *client_call(struct client *client, const char *method, json_t *params, struct error *error);
/* The second half of it, after client_send() of one request. */
json_t *client_result(struct client *client, struct error *error);
/* The same, showing progress on stderr meanwhile. ERROR_CANCELLED: Ctrl-C; what was requested goes
 * on. */
json_t *client_call_shown(struct client *client, const char *method, json_t *params,
                          struct progress *progress, struct error *error);

/* For a caller that waits for other things too: when the descriptor is readable, client_fill()
 * reads once (false: the supervisor is gone), then client_pull() gives what has arrived, one
 * message at a time, which the caller frees. */
struct control_message;
int client_descriptor(const struct client *client);
bool client_fill(struct client *client, struct error *error);
bool client_pull(struct client *client, struct control_message *message, struct error *error);

/* The same in two steps, for several concurrent requests. Ids count from 1. */
int64_t client_send(struct client *client, const char *method, json_t *params,
                    struct error *error); /* 0: the supervisor is gone */
struct client_answer {
    int64_t id;
    json_t *result; /* owned; NULL: error */
    struct error error;
};
/* False: the supervisor is gone and no further answer will come, or Ctrl-C was pressed. With a
 * progress (NULL: none) it is asked for its status each second. */
bool client_receive(struct client *client, struct progress *progress, struct client_answer *answer,
                    struct error *error);
