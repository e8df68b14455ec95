/* One QMP conversation, without I/O: bytes in, events out, bytes to write. Knows no socket, no VM
 * and no clock (time is a parameter).
 *
 * Order: session_new; session_feed whenever bytes arrive; after every feed, tick or eof, pull with
 * session_next until it returns false, then write what session_output holds. Commands may be sent
 * at any time, also before the greeting: they wait inside until qmp_capabilities is answered. A
 * question need not: QEMU executes what it has read in order (session_ask_ahead).
 * Every command completes exactly once: reply, QMP error, timeout, or loss. A timeout loses
 * nothing else: the late reply is swallowed. Whatever QMP does not allow loses the session.
 * An error without an id is QEMU's answer to the oldest command (it works in order) and loses the
 * session all the same: one command that QEMU cannot read may be answered by several of them.
 *
 * Source of the protocol facts: QEMU's docs/interop/qmp-spec.rst and qapi/control.json. */
#pragma once

#include "base/buffer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define QMP_LINE_LIMIT_BYTES    (16u << 20) /* largest reply seen: query-qmp-schema, 233 kB */
#define QMP_GREETING_TIMEOUT_MS 5000u       /* when connecting to a QEMU that runs */
#define QMP_NO_DEADLINE         UINT64_MAX

/* Limit of pending commands, a guard against leaks; one more is refused. QEMU itself reads 8 ahead
 * and leaves the rest in the socket, so any number is answered in order. */
#define QMP_PENDING_LIMIT 1024u

enum qmp_state {
    QMP_GREETING,     /* waiting for the greeting */
    QMP_CAPABILITIES, /* waiting for the reply to qmp_capabilities */
    QMP_READY,        /* commands flow */
    QMP_LOST,         /* for ever; the QMP_ITEM_LOST says why */
};

enum qmp_item_kind {
    QMP_ITEM_READY, /* qmp_capabilities answered: QEMU has started (the greeting proves nothing) */
    QMP_ITEM_REPLY, /* a command of ours completed; see status */
    QMP_ITEM_EVENT,
    QMP_ITEM_LOST, /* last item ever; every pending command has completed before it */
};

enum qmp_status {
    QMP_STATUS_RETURN, /* value = the "return" member */
    QMP_STATUS_ERROR,  /* QEMU refused; error_class and text */
    QMP_STATUS_TIMEOUT,
    QMP_STATUS_LOST,
};

/* One thing that happened. Strings and value stay valid until the next call on the session. */
struct qmp_item {
    enum qmp_item_kind kind;
    enum qmp_status status;  /* REPLY */
    uint64_t id;             /* REPLY: what session_send() returned */
    void *context;           /* REPLY: what was given to session_send() */
    const char *command;     /* REPLY: its name */
    const char *name;        /* EVENT: "SHUTDOWN" */
    const char *error_class; /* REPLY with ERROR: "GenericError" */
    const char *text;        /* REPLY with ERROR, TIMEOUT, LOST; LOST: the reason, for a person */
    json_t *value;           /* REPLY: the return value; EVENT: its data, or NULL. Borrowed. */
};

struct qmp_session; /* opaque */

/* limit_ms: until qmp_capabilities must have been answered. */
struct qmp_session *session_new(uint64_t now_ms, uint64_t limit_ms);
void session_free(struct qmp_session *session); /* NULL is fine; drops what was not pulled */

/* Queues a command. arguments is stolen and may be NULL. Returns the id, never 0 — or 0 when the
 * session is lost or QMP_PENDING_LIMIT is reached: then nothing will complete. */
uint64_t session_send(struct qmp_session *session, const char *command, json_t *arguments,
                      void *context, uint64_t now_ms);
struct qmp_request {
    const char *command;
    json_t *arguments; /* stolen; may be NULL */
    void *context;
};
/* As above with a limit of the caller's (QMP_NO_DEADLINE: none); session_send() takes it from
 * qmp/command.h's table, and no less than what the command before may still take. For a command
 * that waits inside it counts from the greeting's deadline. */
uint64_t session_send_within(struct qmp_session *session, const struct qmp_request *request,
                             uint64_t now_ms, uint64_t limit_ms);

/* A command without arguments that changes nothing, since a QEMU that greets too late for us
 * executes it all the same: written at once, so that QEMU answers it in the turn of
 * qmp_capabilities. */
uint64_t session_ask_ahead(struct qmp_session *session, const char *command, void *context,
                           uint64_t now_ms);

void session_feed(struct qmp_session *session, const void *data, size_t length);
void session_eof(struct qmp_session *session, const char *reason);
void session_tick(struct qmp_session *session, uint64_t now_ms);
/* A command was sent and is not answered: QEMU, which works in order, may be at work on it. */
bool session_is_waiting(const struct qmp_session *session);
/* When to call session_tick() next: never too late, but too early after commands were answered. */
uint64_t session_deadline_ms(const struct qmp_session *session);

bool session_next(struct qmp_session *session, struct qmp_item *item);
struct buffer *session_output(struct qmp_session *session); /* the caller consumes what it wrote */

enum qmp_state session_state(const struct qmp_session *session);
