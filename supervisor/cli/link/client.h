/* The command line's end of the control protocol: one blocking connection to the supervisor. */
#pragma once

#include "base/error.h"
#include "home/home.h"

#include <jansson.h>

struct client; /* opaque */
struct invocation;

/* ERROR_NO_SUPERVISOR when none runs, ERROR_TIMEOUT when it does not answer, ERROR_WRONG_STATE when
 * it is of another version: only `pgsup down` talks to any (client_open_any). */
struct client *client_open(const struct home *home, struct error *error);
struct client *client_open_any(const struct home *home, struct error *error);
void client_close(struct client *client); /* NULL is fine */

typedef void client_on_progress(void *context, const char *method, json_t *body);

/* Sends one request and waits for its answer; params is stolen. NULL: error is set to the
 * supervisor's. The caller owns the result. The supervisor limits how long it takes. */
json_t *client_call(struct client *client, const char *method, json_t *params, struct error *error);
/* The same, showing progress on stderr meanwhile. */
json_t *client_call_shown(struct client *client, const char *method, json_t *params,
                          const struct invocation *invocation, struct error *error);

/* The same in two steps, for several concurrent requests. Ids count from 1. */
int64_t client_send(struct client *client, const char *method, json_t *params,
                    struct error *error); /* 0: the supervisor is gone */
struct client_answer {
    int64_t id;
    json_t *result; /* owned; NULL: error */
    struct error error;
};
/* False: the supervisor is gone and no further answer will come. */
bool client_receive(struct client *client, client_on_progress *on_progress, void *context,
                    struct client_answer *answer, struct error *error);
