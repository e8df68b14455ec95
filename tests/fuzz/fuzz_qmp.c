/* Bytes from a QEMU that may be anything, however they are cut; the first byte chooses the cut (0:
 * not at all). Every command completes at most once, and exactly once when the session has ended;
 * the end is told once and last; what happened does not depend on the cut. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "qmp/command.h"
#include "qmp/event.h"
#include "qmp/session.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COMMANDS 12

struct world {
    struct qmp_session *session;
    uint64_t ids[COMMANDS];
    bool completed[COMMANDS];
    bool ended;
    struct buffer trace;
};

static void require(bool condition) {
    if (!condition)
        abort();
}

static void send_one(struct world *world, int index) {
    static const char *const names[] = {"query-status", "stop", "cont", "quit"};
    /* The context is the place of the command; one of three is never told. */
    world->ids[index] = session_send(world->session, names[index % 4],
                                     index % 2 ? json_object() : NULL, &world->ids[index], 0);
    require(world->ids[index] != 0);
}

static void on_reply(struct world *world, const struct qmp_item *item) {
    size_t index = (size_t)((uint64_t *)item->context - world->ids);
    require(index < COMMANDS);
    require(!world->completed[index] && world->ids[index] == item->id);
    require((item->status == QMP_STATUS_RETURN) == (item->value != NULL) ||
            item->status == QMP_STATUS_ERROR);
    require(item->text != NULL);
    world->completed[index] = true;
    buffer_printf(&world->trace, "%zu %d %s;", index, (int)item->status, item->text);
}

static void on_event(struct world *world, const struct qmp_item *item) {
    struct qmp_event event;
    qmp_event_decode(item->name, item->value, &event);
    require(memchr(event.reason, 0, sizeof event.reason) != NULL);
    require(memchr(event.action, 0, sizeof event.action) != NULL);
    require(memchr(event.device, 0, sizeof event.device) != NULL);
    buffer_printf(&world->trace, "%s %s;", item->name, event.reason);
}

static void pull(struct world *world) {
    struct qmp_item item;
    while (session_next(world->session, &item)) {
        require(!world->ended);
        switch (item.kind) {
        case QMP_ITEM_READY: buffer_puts(&world->trace, "ready;"); break;
        case QMP_ITEM_REPLY: on_reply(world, &item); break;
        case QMP_ITEM_EVENT: on_event(world, &item); break;
        case QMP_ITEM_LOST:
            world->ended = true;
            require(item.text[0] && strcspn(item.text, "\n\r\x1B") == strlen(item.text));
            buffer_printf(&world->trace, "end %s;", item.text);
            break;
        }
    }
    require(!world->ended || session_state(world->session) == QMP_LOST);
}

static void begin(struct world *world) {
    *world = (struct world){.session = session_new(0, QMP_GREETING_TIMEOUT_MS)};
    for (int i = 0; i < COMMANDS; i++)
        send_one(world, i);
}

/* late: the commands time out half-way, so that their replies come late. */
static void play(struct world *world, const uint8_t *data, size_t size, size_t step, bool late) {
    begin(world);
    for (size_t at = 0, length; at < size; at += length) {
        length = step && step < size - at ? step : size - at;
        session_feed(world->session, data + at, length);
        pull(world);
        if (late && at >= size / 2) {
            session_tick(world->session, 2 * QMP_DEADLINE_JOB_MS);
            pull(world);
        }
    }
    session_eof(world->session, "the end");
    pull(world);
    require(world->ended);
    for (int i = 0; i < COMMANDS; i++)
        require(world->completed[i]);
    require(session_send(world->session, "stop", json_object(), NULL, 0) == 0);
    session_free(world->session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct world whole, cut, late;
    size_t step = data[0];
    play(&whole, data + 1, size - 1, 0, false);
    play(&cut, data + 1, size - 1, step ? step : 1, false);
    play(&late, data + 1, size - 1, step, true);
    require(whole.trace.length == cut.trace.length &&
            memcmp(whole.trace.data, cut.trace.data, whole.trace.length) == 0);
    buffer_done(&whole.trace);
    buffer_done(&cut.trace);
    buffer_done(&late.trace);
    return 0;
}
