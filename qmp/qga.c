#include "qga.h"

#include "base/alloc.h"
#include "base/line.h"
#include "base/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENTINEL         '\xFF' /* is in no JSON: QEMU's guest-sync-delimited */
#define TEXT_LIMIT_BYTES 200

enum qga_state { QGA_SYNCING, QGA_READY, QGA_BUSY, QGA_LOST };

struct qga {
    enum qga_state state;
    uint32_t id;
    struct line_splitter lines;
    struct buffer output;
    size_t stale_bytes; /* taken in vain */
    json_t *current;    /* what the last item points into */
    char *text;         /* of the last item */
    const char *problem;
    bool lost_told;
};

/* ASCII only, so that nothing in it can be the sentinel. */
static void write_command(struct qga *qga, const char *command, json_t *arguments) {
    json_t *object = json_object();
    json_object_set_new(object, "execute", json_string(command));
    if (arguments)
        json_object_set_new(object, "arguments", arguments);
    char *line = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    buffer_printf(&qga->output, "%s\n", line);
    free(line);
    json_decref(object);
}

struct qga *qga_new(uint32_t id) {
    struct qga *qga = alloc_zero(sizeof *qga);
    qga->id = id;
    line_init(&qga->lines, QGA_LINE_LIMIT_BYTES);
    buffer_putc(&qga->output, SENTINEL);
    json_t *arguments = json_object();
    json_object_set_new(arguments, "id", json_integer(id));
    write_command(qga, "guest-sync-delimited", arguments);
    return qga;
}

void qga_allow_lines(struct qga *qga, size_t limit_bytes) {
    qga->lines.limit_bytes = limit_bytes;
}

static void release_current(struct qga *qga) {
    json_decref(qga->current);
    qga->current = NULL;
    alloc_replace(&qga->text, NULL);
}

void qga_free(struct qga *qga) {
    if (!qga)
        return;
    release_current(qga);
    line_done(&qga->lines);
    buffer_done(&qga->output);
    free(qga);
}

bool qga_send(struct qga *qga, const char *command, json_t *arguments) {
    if (qga->state != QGA_READY) {
        json_decref(arguments);
        return false;
    }
    write_command(qga, command, arguments);
    qga->state = QGA_BUSY;
    return true;
}

void qga_feed(struct qga *qga, const void *data, size_t length) {
    if (qga->state != QGA_LOST)
        line_feed(&qga->lines, data, length);
}

static void lose(struct qga *qga, const char *problem) {
    qga->state = QGA_LOST;
    qga->problem = problem;
}

/* What comes before the answer is of no interest, whatever it is: the answer to a conversation that
 * was given up, or what the agent thinks of the sentinel. */
static bool on_first(struct qga *qga, const char *line, size_t length, struct qga_item *item) {
    const char *start = line + length;
    while (start > line && start[-1] != SENTINEL)
        start--;
    if (start > line)
        qga->current = json_loadb(start, length - (size_t)(start - line), 0, NULL);
    const json_t *id = json_object_get(qga->current, "return");
    if (json_is_integer(id) && json_integer_value(id) == qga->id) {
        qga->state = QGA_READY;
        *item = (struct qga_item){.kind = QGA_ITEM_READY};
        return true;
    }
    qga->stale_bytes += length + 1;
    if (qga->stale_bytes > QGA_STALE_LIMIT_BYTES)
        lose(qga, "the guest's agent says too much that it was not asked for");
    return false;
}

static bool on_answer(struct qga *qga, const char *line, size_t length, struct qga_item *item) {
    qga->current = qga->state == QGA_BUSY ? json_loadb(line, length, 0, NULL) : NULL;
    const json_t *value = json_object_get(qga->current, "return");
    const json_t *error = json_object_get(qga->current, "error");
    if (!value && !json_is_object(error)) {
        lose(qga, "the guest's agent does not speak as one does");
        return false;
    }
    qga->state = QGA_READY;
    *item = (struct qga_item){.kind = QGA_ITEM_RETURN, .value = value};
    if (!value) {
        const char *text = json_string_value(json_object_get(error, "desc"));
        qga->text = name_printable(text ? text : "", text ? strlen(text) : 0, TEXT_LIMIT_BYTES);
        *item = (struct qga_item){.kind = QGA_ITEM_ERROR, .text = qga->text};
    }
    return true;
}

static bool next_line(struct qga *qga, struct qga_item *item) {
    size_t length;
    const char *line;
    while (qga->state != QGA_LOST && (line = line_next(&qga->lines, &length))) {
        release_current(qga);
        if (length == 0)
            continue;
        if (qga->state == QGA_SYNCING ? on_first(qga, line, length, item)
                                      : on_answer(qga, line, length, item))
            return true;
    }
    if (qga->state != QGA_LOST && qga->lines.broken)
        lose(qga, "the guest's agent sent a line that is too long");
    return false;
}

bool qga_next(struct qga *qga, struct qga_item *item) {
    release_current(qga);
    if (next_line(qga, item))
        return true;
    if (qga->state != QGA_LOST || qga->lost_told)
        return false;
    qga->lost_told = true;
    *item = (struct qga_item){.kind = QGA_ITEM_LOST, .text = qga->problem};
    return true;
}

struct buffer *qga_output(struct qga *qga) {
    return &qga->output;
}
