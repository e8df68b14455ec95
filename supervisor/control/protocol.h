/* The control protocol: JSON-RPC 2.0, one object per line, over RUN/pgsup.sock (mode 0600). Shared
 * by the supervisor and the command line. Pure; knows no socket and no method.
 *
 * A request is answered by any number of notifications ("progress") and then exactly one result or
 * error. An error's data carries the word of the error code (base/error.h), so that the command
 * line exits with the same status as for an error of its own.
 *
 * "status" answers {"vms": [{…}]} or, with {"brief": true}, what a table of all shows: for each
 * state one text of names, each followed by the milliseconds since the launch of its process or by
 * "-", and the reasons that there are.
 *     {"brief": {"ready": "web 42000 mail 17", "failed": "db -"}, "reasons": {"db": "QEMU ended"}}
 *
 * "written" is answered when all that has been recorded by then is in the store, or at once if it
 * is known that the store cannot be written. Answers of other methods do not wait for that.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>

/* Raise when a method changes so that an older peer would misunderstand it. */
#define CONTROL_VERSION             1
#define CONTROL_REQUEST_LIMIT_BYTES 65536u      /* what the supervisor accepts */
#define CONTROL_REPLY_LIMIT_BYTES   (16u << 20) /* what the command line accepts */

enum control_kind { CONTROL_REQUEST, CONTROL_NOTIFICATION, CONTROL_RESULT, CONTROL_ERROR };

struct control_message {
    enum control_kind kind;
    json_t *id;         /* REQUEST, RESULT, ERROR: number or string */
    const char *method; /* REQUEST, NOTIFICATION */
    json_t *body;       /* params or result; an empty object when absent */
    struct error error; /* ERROR: as the peer had it */
    json_t *root;       /* owns everything above */
};

/* False: not a message of this protocol; error says why. */
bool control_decode(const char *line, size_t length, struct control_message *message,
                    struct error *error);
void control_message_done(struct control_message *message);

/* Each appends one line. body is stolen, id is borrowed. */
void control_encode_request(struct buffer *out, json_int_t id, const char *method, json_t *body);
void control_encode_notification(struct buffer *out, const char *method, json_t *body);
void control_encode_result(struct buffer *out, json_t *id, json_t *body);
void control_encode_error(struct buffer *out, json_t *id, const struct error *error);

/* Members of a body, checked: a missing member leaves the value as it is, one of the wrong type is
 * ERROR_USAGE and names it. Strings are borrowed from the body. */
bool control_get_string(json_t *body, const char *key, const char **value, struct error *error);
bool control_get_bool(json_t *body, const char *key, bool *value, struct error *error);
struct control_range {
    int64_t low, high; /* both allowed */
};
bool control_get_number(json_t *body, const char *key, struct control_range range, int64_t *value,
                        struct error *error);
