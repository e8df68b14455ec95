#include "session.h"

#include "base/alloc.h"
#include "qmp/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pending {
    struct pending *next;
    uint64_t id;
    uint64_t deadline_ms;
    char *command;
    json_t *arguments; /* until it is sent */
    void *context;
    bool forgotten; /* its owner went away: completes without an item */
};

struct list {
    struct pending *first, **last;
    unsigned count;
};

struct qmp_session {
    enum qmp_state state;
    struct line_splitter lines;
    struct buffer output;
    struct list pending; /* in the order of sending */
    struct list expired; /* timed out, not handed out yet */
    uint64_t last_id;
    uint64_t greeting_deadline_ms;
    uint64_t late[QMP_LATE_LIMIT]; /* ring of ids whose reply is swallowed */
    unsigned late_count;
    bool lost_told;
    char reason[256]; /* why it is lost */
    bool ended;       /* end of input seen; the lines before it come first */
    char end_reason[256];
    char text[256];
    char version[32];
    json_t *current;              /* what the last item points into, with … */
    struct pending *current_done; /* … its command */
};

/* --- lists of commands --- */

static void push(struct list *list, struct pending *pending) {
    pending->next = NULL;
    *list->last = pending;
    list->last = &pending->next;
    list->count++;
}

static struct pending *take(struct list *list, struct pending **slot) {
    struct pending *pending = *slot;
    *slot = pending->next;
    if (list->last == &pending->next)
        list->last = slot;
    list->count--;
    return pending;
}

static void pending_free(struct pending *pending) {
    if (!pending)
        return;
    json_decref(pending->arguments);
    free(pending->command);
    free(pending);
}

static void list_done(struct list *list) {
    while (list->first)
        pending_free(take(list, &list->first));
}

/* --- making and ending --- */

static void lose(struct qmp_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void lose(struct qmp_session *session, const char *format, ...) {
    if (session->state == QMP_LOST)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(session->reason, sizeof session->reason, format, arguments);
    va_end(arguments);
    session->state = QMP_LOST;
    buffer_clear(&session->output);
}

static void write_command(struct qmp_session *session, const char *command, json_t *arguments,
                          uint64_t id) {
    scoped(alloc_release) char *line = qmp_command_encode(command, arguments, id);
    buffer_puts(&session->output, line);
}

/* qmp_capabilities is written before the greeting was seen: QEMU reads it when it is there, and its
 * reply is the only proof that start-up succeeded. */
struct qmp_session *session_new(uint64_t now_ms, uint64_t limit_ms) {
    struct qmp_session *session = alloc_zero(sizeof *session);
    session->pending.last = &session->pending.first;
    session->expired.last = &session->expired.first;
    session->greeting_deadline_ms = now_ms + limit_ms;
    line_init(&session->lines, QMP_LINE_LIMIT_BYTES);
    session->last_id = 1;
    write_command(session, "qmp_capabilities", NULL, 1);
    return session;
}

static void release_current(struct qmp_session *session) {
    json_decref(session->current);
    pending_free(session->current_done);
    session->current = NULL;
    session->current_done = NULL;
}

void session_free(struct qmp_session *session) {
    if (!session)
        return;
    release_current(session);
    list_done(&session->pending);
    list_done(&session->expired);
    line_done(&session->lines);
    buffer_done(&session->output);
    free(session);
}

/* --- sending --- */

uint64_t session_send_within(struct qmp_session *session, const char *command, json_t *arguments,
                             void *context, uint64_t now_ms, uint64_t limit_ms) {
    if (session->state == QMP_LOST ||
        session->pending.count + session->expired.count >= QMP_PENDING_LIMIT) {
        json_decref(arguments);
        return 0;
    }
    struct pending *pending = alloc_zero(sizeof *pending);
    pending->id = ++session->last_id;
    pending->command = alloc_string(command);
    pending->context = context;
    pending->deadline_ms = now_ms + limit_ms;
    push(&session->pending, pending);
    if (session->state == QMP_READY) {
        write_command(session, command, arguments, pending->id);
        json_decref(arguments);
    } else {
        pending->arguments = arguments;
        if (pending->deadline_ms < session->greeting_deadline_ms + limit_ms)
            pending->deadline_ms = session->greeting_deadline_ms + limit_ms;
    }
    return pending->id;
}

uint64_t session_send(struct qmp_session *session, const char *command, json_t *arguments,
                      void *context, uint64_t now_ms) {
    return session_send_within(session, command, arguments, context, now_ms,
                               qmp_command_limit_ms(command));
}

void session_forget(struct qmp_session *session, void *context) {
    for (struct pending *pending = session->pending.first; pending; pending = pending->next)
        pending->forgotten |= pending->context == context;
    for (struct pending *pending = session->expired.first; pending; pending = pending->next)
        pending->forgotten |= pending->context == context;
}

/* --- what comes in --- */

void session_feed(struct qmp_session *session, const void *data, size_t length) {
    if (session->state != QMP_LOST)
        line_feed(&session->lines, data, length);
}

/* Lines that came before the end are still handed out, so the loss waits behind them. */
void session_eof(struct qmp_session *session, const char *reason) {
    if (!session->ended)
        snprintf(session->end_reason, sizeof session->end_reason, "%s", reason);
    session->ended = true;
}

void session_tick(struct qmp_session *session, uint64_t now_ms) {
    if (session->state == QMP_LOST)
        return;
    if (session->state != QMP_READY && now_ms >= session->greeting_deadline_ms) {
        lose(session, "QEMU does not answer on its QMP socket (%s)",
             session->state == QMP_GREETING ? "no greeting came"
                                            : "qmp_capabilities was not answered");
        return;
    }
    struct pending **slot = &session->pending.first;
    while (*slot) {
        if ((*slot)->deadline_ms > now_ms) {
            slot = &(*slot)->next;
            continue;
        }
        struct pending *late = take(&session->pending, slot);
        session->late[session->late_count++ % QMP_LATE_LIMIT] = late->id;
        push(&session->expired, late);
    }
}

uint64_t session_deadline_ms(const struct qmp_session *session) {
    uint64_t first = QMP_NO_DEADLINE;
    if (session->state == QMP_LOST)
        return first;
    if (session->state != QMP_READY)
        first = session->greeting_deadline_ms;
    for (const struct pending *pending = session->pending.first; pending; pending = pending->next)
        if (pending->deadline_ms < first)
            first = pending->deadline_ms;
    return first;
}

static void write_waiting(struct qmp_session *session) {
    for (struct pending *pending = session->pending.first; pending; pending = pending->next) {
        write_command(session, pending->command, pending->arguments, pending->id);
        json_decref(pending->arguments);
        pending->arguments = NULL;
    }
}

/* qapi/control.json, VersionInfo */
static void on_greeting(struct qmp_session *session, json_t *greeting) {
    json_t *qemu = json_object_get(json_object_get(greeting, "version"), "qemu");
    if (session->state != QMP_GREETING) {
        lose(session, "a second QMP greeting came: another QEMU is on the socket");
        return;
    }
    snprintf(session->version, sizeof session->version, "%d.%d.%d",
             (int)json_integer_value(json_object_get(qemu, "major")),
             (int)json_integer_value(json_object_get(qemu, "minor")),
             (int)json_integer_value(json_object_get(qemu, "micro")));
    session->state = QMP_CAPABILITIES;
}

static bool on_capabilities(struct qmp_session *session, json_t *message, struct qmp_item *item) {
    json_t *error = json_object_get(message, "error");
    if (error || session->state != QMP_CAPABILITIES) {
        const char *text = json_string_value(json_object_get(error, "desc"));
        lose(session, "QEMU refused qmp_capabilities: %.150s", text ? text : "out of turn");
        return false;
    }
    session->state = QMP_READY;
    write_waiting(session);
    *item = (struct qmp_item){.kind = QMP_ITEM_READY};
    return true;
}

static bool is_late(const struct qmp_session *session, uint64_t id) {
    unsigned count = session->late_count < QMP_LATE_LIMIT ? session->late_count : QMP_LATE_LIMIT;
    for (unsigned i = 0; i < count; i++)
        if (session->late[i] == id)
            return true;
    return false;
}

static struct pending *find(struct qmp_session *session, uint64_t id) {
    for (struct pending **slot = &session->pending.first; *slot; slot = &(*slot)->next)
        if ((*slot)->id == id)
            return take(&session->pending, slot);
    return NULL;
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

/* An error without an id means that QEMU could not read what was written: the stream is out of step
 * and nothing on it can be matched any more (qmp-spec.rst). */
static bool on_reply(struct qmp_session *session, json_t *message, struct qmp_item *item) {
    json_t *error = json_object_get(message, "error"), *id = json_object_get(message, "id");
    const char *text = json_string_value(json_object_get(error, "desc"));
    if (!json_is_integer(id)) {
        lose(session, "QMP is out of step: a reply without an id of ours (%.150s)",
             text ? text : "no text");
        return false;
    }
    uint64_t number = (uint64_t)json_integer_value(id);
    if (number == 1)
        return on_capabilities(session, message, item);
    struct pending *pending = find(session, number);
    if (!pending && is_late(session, number))
        return false;
    if (!pending || session->state != QMP_READY) {
        pending_free(pending);
        lose(session, "QMP is out of step: a reply to a command that is not under way (id %llu)",
             (unsigned long long)number);
        return false;
    }
    if (pending->forgotten) {
        pending_free(pending);
        return false;
    }
    fill_reply(session, pending, error ? QMP_STATUS_ERROR : QMP_STATUS_RETURN, item);
    item->error_class = json_string_value(json_object_get(error, "class"));
    item->text = text ? text : "";
    item->value = json_object_get(message, "return");
    return true;
}

static bool on_event(json_t *message, struct qmp_item *item) {
    json_t *stamp = json_object_get(message, "timestamp");
    *item = (struct qmp_item){
        .kind = QMP_ITEM_EVENT,
        .name = json_string_value(json_object_get(message, "event")),
        .value = json_object_get(message, "data"),
        .wall_us = json_integer_value(json_object_get(stamp, "seconds")) * 1000000 +
                   json_integer_value(json_object_get(stamp, "microseconds")),
    };
    return true;
}

static bool on_line(struct qmp_session *session, const char *line, size_t length,
                    struct qmp_item *item) {
    json_error_t problem;
    json_t *message = json_loadb(line, length, JSON_ALLOW_NUL, &problem);
    session->current = message;
    if (!json_is_object(message))
        lose(session, "what came on the QMP socket is not QMP (%.150s)",
             message ? "not an object" : problem.text);
    else if (json_object_get(message, "QMP"))
        on_greeting(session, json_object_get(message, "QMP"));
    else if (session->state == QMP_GREETING)
        lose(session, "what came on the QMP socket is not a QMP greeting");
    else if (json_is_string(json_object_get(message, "event")))
        return on_event(message, item);
    else if (json_object_get(message, "return") || json_object_get(message, "error"))
        return on_reply(session, message, item);
    else
        lose(session, "what came on the QMP socket is neither reply nor event");
    return false;
}

/* --- what goes out --- */

static bool next_expired(struct qmp_session *session, struct qmp_item *item) {
    while (session->expired.first) {
        struct pending *pending = take(&session->expired, &session->expired.first);
        if (pending->forgotten) {
            pending_free(pending);
            continue;
        }
        fill_reply(session, pending, QMP_STATUS_TIMEOUT, item);
        snprintf(session->text, sizeof session->text, "QEMU did not answer \"%.60s\" in time",
                 pending->command);
        item->text = session->text;
        return true;
    }
    return false;
}

static bool next_line(struct qmp_session *session, struct qmp_item *item) {
    size_t length;
    const char *line;
    while (session->state != QMP_LOST && (line = line_next(&session->lines, &length))) {
        release_current(session);
        if (length > 0 && on_line(session, line, length, item))
            return true;
    }
    if (session->lines.broken)
        lose(session, "a line of more than %u bytes came on the QMP socket", QMP_LINE_LIMIT_BYTES);
    if (session->ended)
        lose(session, "%s", session->end_reason);
    return false;
}

static bool next_loss(struct qmp_session *session, struct qmp_item *item) {
    while (session->pending.first) {
        struct pending *pending = take(&session->pending, &session->pending.first);
        if (pending->forgotten) {
            pending_free(pending);
            continue;
        }
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
    if (next_expired(session, item) || next_line(session, item))
        return true;
    return session->state == QMP_LOST && next_loss(session, item);
}

struct buffer *session_output(struct qmp_session *session) {
    return &session->output;
}

enum qmp_state session_state(const struct qmp_session *session) {
    return session->state;
}

const char *session_state_name(enum qmp_state state) {
    static const char *const names[] = {"greeting", "capabilities", "ready", "lost"};
    return names[state];
}

const char *session_qemu_version(const struct qmp_session *session) {
    return session->version;
}
