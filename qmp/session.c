#include "session.h"

#include "base/alloc.h"
#include "base/name.h"
#include "qmp/command.h"
#include "qmp/frame.h"
#include "qmp/pending.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPABILITIES_ID    1u
#define REASON_LIMIT_BYTES 240

struct qmp_session {
    enum qmp_state state;
    struct frame input;
    struct buffer output;
    struct pending_list pending; /* in the order of sending */
    struct pending_list expired; /* timed out, not handed out yet */
    struct pending_late late;    /* timed out, handed out, not answered yet */
    uint64_t last_id;
    uint64_t greeting_deadline_ms;
    uint64_t earliest_ms; /* no pending deadline is before this one */
    char *reason;         /* why it is lost */
    bool lost_told;
    char *end_reason;             /* end of input seen; the lines before it come first */
    json_t *current;              /* what the last item points into, with … */
    struct pending *current_done; /* … its command … */
    char *current_text;           /* … and its text */
};

/* --- making and ending --- */

/* The reason is for a person, and parts of it come from the other side. */
static void lose(struct qmp_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void lose(struct qmp_session *session, const char *format, ...) {
    if (session->state == QMP_LOST)
        return;
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    session->reason = name_printable(reason, strlen(reason), REASON_LIMIT_BYTES);
    session->state = QMP_LOST;
    buffer_clear(&session->output);
}

static void write_command(struct qmp_session *session, const char *command, json_t *arguments,
                          uint64_t id) {
    scoped(alloc_release) char *line = qmp_command_encode(command, arguments, id);
    buffer_puts(&session->output, line);
}

static uint64_t after(uint64_t now_ms, uint64_t limit_ms) {
    return limit_ms < QMP_NO_DEADLINE - now_ms ? now_ms + limit_ms : QMP_NO_DEADLINE;
}

/* qmp_capabilities is written before the greeting was seen: QEMU reads it when it is there, and its
 * reply is the only proof that start-up succeeded. */
struct qmp_session *session_new(uint64_t now_ms, uint64_t limit_ms) {
    struct qmp_session *session = alloc_zero(sizeof *session);
    pending_list_init(&session->pending);
    pending_list_init(&session->expired);
    frame_init(&session->input, QMP_LINE_LIMIT_BYTES);
    session->greeting_deadline_ms = after(now_ms, limit_ms);
    session->last_id = CAPABILITIES_ID;
    write_command(session, "qmp_capabilities", NULL, CAPABILITIES_ID);
    return session;
}

static void release_current(struct qmp_session *session) {
    json_decref(session->current);
    pending_free(session->current_done);
    alloc_replace(&session->current_text, NULL);
    session->current = NULL;
    session->current_done = NULL;
}

void session_free(struct qmp_session *session) {
    if (!session)
        return;
    release_current(session);
    pending_list_done(&session->pending);
    pending_list_done(&session->expired);
    frame_done(&session->input);
    buffer_done(&session->output);
    free(session->reason);
    free(session->end_reason);
    free(session);
}

/* --- sending --- */

static void write_pending(struct qmp_session *session, struct pending *pending) {
    write_command(session, pending->command, pending->arguments, pending->id);
    json_decref(pending->arguments);
    pending->arguments = NULL;
    pending->written = true;
}

uint64_t session_send_within(struct qmp_session *session, const struct qmp_request *request,
                             uint64_t now_ms, uint64_t limit_ms) {
    bool ready = session->state == QMP_READY;
    if (session->state == QMP_LOST ||
        session->pending.count + session->expired.count >= QMP_PENDING_LIMIT) {
        json_decref(request->arguments);
        return 0;
    }
    struct pending *pending = alloc_zero(sizeof *pending);
    pending->id = ++session->last_id;
    pending->command = alloc_string(request->command);
    pending->context = request->context;
    pending->arguments = request->arguments;
    pending->deadline_ms = after(ready ? now_ms : session->greeting_deadline_ms, limit_ms);
    if (ready)
        write_pending(session, pending);
    if (!session->pending.first || pending->deadline_ms < session->earliest_ms)
        session->earliest_ms = pending->deadline_ms;
    pending_push(&session->pending, pending);
    return pending->id;
}

/* That the commands before a new one may still take. */
static uint64_t time_before(const struct qmp_session *session, uint64_t now_ms) {
    uint64_t until_ms = now_ms;
    if (session->state != QMP_READY)
        return 0;
    for (const struct pending *each = session->pending.first; each; each = each->next)
        if (each->deadline_ms > until_ms)
            until_ms = each->deadline_ms;
    return until_ms - now_ms;
}

uint64_t session_send(struct qmp_session *session, const char *command, json_t *arguments,
                      void *context, uint64_t now_ms) {
    const struct qmp_request request = {command, arguments, context};
    uint64_t limit_ms = qmp_command_timeout_ms(command), before_ms = time_before(session, now_ms);
    return session_send_within(session, &request, now_ms,
                               before_ms > limit_ms ? before_ms : limit_ms);
}

uint64_t session_ask_ahead(struct qmp_session *session, const char *command, void *context,
                           uint64_t now_ms) {
    uint64_t id = session_send(session, command, NULL, context, now_ms);
    for (struct pending *each = session->pending.first; id && each; each = each->next)
        if (each->id == id && !each->written)
            write_pending(session, each);
    return id;
}

/* --- what comes in --- */

void session_feed(struct qmp_session *session, const void *data, size_t length) {
    if (session->state != QMP_LOST)
        frame_feed(&session->input, data, length);
}

/* Lines that came before the end are still handed out, so the loss waits behind them. */
void session_eof(struct qmp_session *session, const char *reason) {
    if (!session->end_reason)
        session->end_reason = alloc_string(reason);
}

static void expire(struct qmp_session *session, uint64_t now_ms) {
    struct pending **slot = &session->pending.first;
    session->earliest_ms = QMP_NO_DEADLINE;
    while (*slot) {
        if ((*slot)->deadline_ms <= now_ms) {
            struct pending *pending = pending_take(&session->pending, slot);
            pending_late_add(&session->late, pending->id);
            pending_push(&session->expired, pending);
            continue;
        }
        if ((*slot)->deadline_ms < session->earliest_ms)
            session->earliest_ms = (*slot)->deadline_ms;
        slot = &(*slot)->next;
    }
}

void session_tick(struct qmp_session *session, uint64_t now_ms) {
    if (session->state == QMP_READY && now_ms >= session->earliest_ms)
        expire(session, now_ms);
    else if (session->state == QMP_GREETING && now_ms >= session->greeting_deadline_ms)
        lose(session, "QEMU does not answer on its QMP socket (no greeting came)");
    else if (session->state == QMP_CAPABILITIES && now_ms >= session->greeting_deadline_ms)
        lose(session, "QEMU does not answer on its QMP socket (qmp_capabilities was not answered)");
}

bool session_is_waiting(const struct qmp_session *session) {
    return session->pending.first != NULL;
}

uint64_t session_deadline_ms(const struct qmp_session *session) {
    if (session->state == QMP_LOST)
        return QMP_NO_DEADLINE;
    if (session->state != QMP_READY)
        return session->greeting_deadline_ms;
    return session->pending.first ? session->earliest_ms : QMP_NO_DEADLINE;
}

static void write_waiting(struct qmp_session *session) {
    for (struct pending *pending = session->pending.first; pending; pending = pending->next)
        if (!pending->written)
            write_pending(session, pending);
}

/* qapi/control.json, VersionInfo. QEMU greets twice who connects while it starts: when the socket
 * accepts, and when the monitor takes the socket over (chardev/char-fe.c,
 * qemu_chr_fe_set_handlers). Nothing has been answered between them. */
static void on_greeting(struct qmp_session *session, json_t *greeting) {
    json_t *qemu = json_object_get(json_object_get(greeting, "version"), "qemu");
    json_t *major = json_object_get(qemu, "major"), *minor = json_object_get(qemu, "minor");
    json_t *micro = json_object_get(qemu, "micro");
    if (session->state == QMP_CAPABILITIES)
        return;
    if (session->state != QMP_GREETING) {
        lose(session, "a second QMP greeting came: another QEMU is on the socket");
        return;
    }
    if (!json_is_integer(major) || !json_is_integer(minor) || !json_is_integer(micro)) {
        lose(session, "the QMP greeting does not say which QEMU it is from");
        return;
    }
    session->state = QMP_CAPABILITIES;
}

static bool on_capabilities(struct qmp_session *session, json_t *error, struct qmp_item *item) {
    const char *text = json_string_value(json_object_get(error, "desc"));
    if (session->state != QMP_CAPABILITIES) {
        lose(session, "QMP is out of step: qmp_capabilities was answered twice");
        return false;
    }
    if (error) {
        lose(session, "QEMU refused qmp_capabilities: %.150s", text ? text : "it does not say why");
        return false;
    }
    session->state = QMP_READY;
    write_waiting(session);
    *item = (struct qmp_item){.kind = QMP_ITEM_READY};
    return true;
}

static void fill_reply(struct qmp_session *session, struct pending *pending, enum qmp_status status,
                       struct qmp_item *item) {
    session->current_done = pending;
    *item = (struct qmp_item){
        .kind = QMP_ITEM_REPLY,
        .status = status,
        .id = pending->id,
        .context = pending->context,
        .command = pending->command,
    };
}

static bool answer(struct qmp_session *session, struct pending *pending, json_t *message,
                   struct qmp_item *item) {
    json_t *error = json_object_get(message, "error");
    const char *text = json_string_value(json_object_get(error, "desc"));
    fill_reply(session, pending, error ? QMP_STATUS_ERROR : QMP_STATUS_RETURN, item);
    item->error_class = json_string_value(json_object_get(error, "class"));
    item->text = text ? text : "";
    item->value = json_object_get(message, "return");
    return true;
}

/* QEMU could not read what was written. Who is meant is clear only while no older command may still
 * be answered. */
static bool on_stray(struct qmp_session *session, json_t *message, struct qmp_item *item) {
    json_t *error = json_object_get(message, "error");
    const char *text = json_string_value(json_object_get(error, "desc"));
    bool ready = session->state == QMP_READY;
    lose(session, "QMP is out of step: a reply without an id of ours came (%.150s)",
         text ? text : "no text");
    if (!ready || !error || !session->pending.first || pending_late_any(&session->late))
        return false;
    struct pending *oldest = pending_take_first(&session->pending);
    return answer(session, oldest, message, item);
}

static bool on_reply(struct qmp_session *session, json_t *message, struct qmp_item *item) {
    json_t *id = json_object_get(message, "id");
    if (!json_is_integer(id))
        return on_stray(session, message, item);
    uint64_t number = (uint64_t)json_integer_value(id);
    if (number == CAPABILITIES_ID)
        return on_capabilities(session, json_object_get(message, "error"), item);
    struct pending *pending =
        session->state == QMP_READY ? pending_take_id(&session->pending, number) : NULL;
    if (pending)
        return answer(session, pending, message, item);
    if (!pending_late_take(&session->late, number))
        lose(session, "QMP is out of step: a reply came to no command of ours (id %lld)",
             (long long)json_integer_value(id));
    return false;
}

static bool on_event(struct qmp_session *session, json_t *message, struct qmp_item *item) {
    json_t *name = json_object_get(message, "event");
    if (!json_is_string(name) || strlen(json_string_value(name)) != json_string_length(name)) {
        lose(session, "an event without a name came on the QMP socket");
        return false;
    }
    *item = (struct qmp_item){
        .kind = QMP_ITEM_EVENT,
        .name = json_string_value(name),
        .value = json_object_get(message, "data"),
    };
    return true;
}

static bool on_message(struct qmp_session *session, json_t *message, struct qmp_item *item) {
    if (json_object_get(message, "QMP"))
        on_greeting(session, json_object_get(message, "QMP"));
    else if (session->state == QMP_GREETING && json_object_get(message, "event"))
        return false; /* QEMU's start; it is not held back before there is a client to greet */
    else if (session->state == QMP_GREETING)
        lose(session, "what came first on the QMP socket is not a QMP greeting");
    else if (json_object_get(message, "event"))
        return on_event(session, message, item);
    else if (json_object_get(message, "return") || json_object_get(message, "error"))
        return on_reply(session, message, item);
    else
        lose(session, "what came on the QMP socket is neither reply nor event");
    return false;
}

/* --- what goes out --- */

static bool next_expired(struct qmp_session *session, struct qmp_item *item) {
    struct pending *pending = pending_take_first(&session->expired);
    if (!pending)
        return false;
    fill_reply(session, pending, QMP_STATUS_TIMEOUT, item);
    session->current_text = alloc_printf("QEMU did not answer \"%.60s\" in time", pending->command);
    item->text = session->current_text;
    return true;
}

static bool next_message(struct qmp_session *session, struct qmp_item *item) {
    while (session->state != QMP_LOST && (session->current = frame_next(&session->input))) {
        if (on_message(session, session->current, item))
            return true;
        release_current(session);
    }
    if (frame_problem(&session->input))
        lose(session, "%s", frame_problem(&session->input));
    if (session->end_reason)
        lose(session, "%s", session->end_reason);
    return false;
}

static bool next_loss(struct qmp_session *session, struct qmp_item *item) {
    struct pending *pending = pending_take_first(&session->pending);
    if (pending) {
        fill_reply(session, pending, QMP_STATUS_LOST, item);
        item->text = session->reason;
        return true;
    }
    if (session->lost_told)
        return false;
    session->lost_told = true;
    *item = (struct qmp_item){.kind = QMP_ITEM_LOST, .text = session->reason};
    return true;
}

bool session_next(struct qmp_session *session, struct qmp_item *item) {
    release_current(session);
    if (next_expired(session, item) || next_message(session, item))
        return true;
    return session->state == QMP_LOST && next_loss(session, item);
}

struct buffer *session_output(struct qmp_session *session) {
    return &session->output;
}

enum qmp_state session_state(const struct qmp_session *session) {
    return session->state;
}
