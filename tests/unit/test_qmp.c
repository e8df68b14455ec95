/* What the transcripts do not show of qmp/: tables, numbers, and who owns what. */
#include "test.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "qmp/command.h"
#include "qmp/event.h"
#include "qmp/pending.h"
#include "qmp/session.h"

#include <stdint.h>

static const char greeting[] =
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, "
    "\"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n{\"return\": {}, \"id\": 1}\r\n";

static void feed_text(struct qmp_session *session, const char *text) {
    session_feed(session, text, strlen(text));
}

static struct qmp_session *ready_session(void) {
    struct qmp_session *session = session_new(0, QMP_GREETING_TIMEOUT_MS);
    struct qmp_item item;
    feed_text(session, greeting);
    CHECK(session_next(session, &item));
    CHECK_INT(item.kind, QMP_ITEM_READY);
    CHECK(!session_next(session, &item));
    buffer_clear(session_output(session));
    return session;
}

static void reply(struct qmp_session *session, uint64_t id) {
    char line[80];
    snprintf(line, sizeof line, "{\"return\": {}, \"id\": %llu}\r\n", (unsigned long long)id);
    feed_text(session, line);
}

/* --- events --- */

static const struct {
    const char *name, *data;
    struct qmp_event expected;
} events[] = {
    {"SHUTDOWN",
     "{\"guest\": true, \"reason\": \"guest-shutdown\"}",
     {.kind = QMP_EVENT_SHUTDOWN, .guest = true, .reason = "guest-shutdown"}},
    {"SHUTDOWN",
     "{\"guest\": false, \"reason\": \"host-qmp-quit\"}",
     {.kind = QMP_EVENT_SHUTDOWN, .reason = "host-qmp-quit"}},
    {"POWERDOWN", NULL, {.kind = QMP_EVENT_POWERDOWN}},
    {"RESET",
     "{\"guest\": true, \"reason\": \"guest-reset\"}",
     {.kind = QMP_EVENT_RESET, .guest = true, .reason = "guest-reset"}},
    {"STOP", NULL, {.kind = QMP_EVENT_STOP}},
    {"RESUME", NULL, {.kind = QMP_EVENT_RESUME}},
    {"SUSPEND", NULL, {.kind = QMP_EVENT_SUSPEND}},
    {"WAKEUP", NULL, {.kind = QMP_EVENT_WAKEUP}},
    {"GUEST_PANICKED",
     "{\"action\": \"pause\"}",
     {.kind = QMP_EVENT_GUEST_PANICKED, .action = "pause"}},
    {"WATCHDOG", "{\"action\": \"poweroff\"}", {.kind = QMP_EVENT_WATCHDOG, .action = "poweroff"}},
    {"BLOCK_IO_ERROR",
     "{\"device\": \"d0\", \"nospace\": true, \"node-name\": \"#block119\", \"reason\": \"No space "
     "left on device\", \"operation\": \"write\", \"action\": \"stop\"}",
     {.kind = QMP_EVENT_BLOCK_IO_ERROR,
      .reason = "No space left on device",
      .action = "stop",
      .device = "d0",
      .nospace = true}},
    /* A disk of -blockdev has no device name; action "report" comes without "nospace". */
    {"BLOCK_IO_ERROR",
     "{\"device\": \"\", \"node-name\": \"disk0\", \"reason\": \"Input/output error\", "
     "\"operation\": \"read\", \"action\": \"report\"}",
     {.kind = QMP_EVENT_BLOCK_IO_ERROR,
      .reason = "Input/output error",
      .action = "report",
      .device = "disk0"}},
    {"BLOCK_IO_ERROR",
     "{\"device\": \"\", \"node-name\": \"#block119\", \"nospace\": true, \"action\": \"stop\"}",
     {.kind = QMP_EVENT_BLOCK_IO_ERROR,
      .action = "stop",
      .device = "#block119",
      .nospace = true,
      .under_job = true}},
    {"VSERPORT_CHANGE",
     "{\"open\": true, \"id\": \"agent\"}",
     {.kind = QMP_EVENT_VSERPORT_CHANGE, .device = "agent", .open = true}},
    {"JOB_STATUS_CHANGE",
     "{\"status\": \"running\", \"id\": \"b\"}",
     {.kind = QMP_EVENT_JOB_STATUS_CHANGE, .device = "b"}},
    {"shutdown", NULL, {.kind = QMP_EVENT_OTHER}},
    {"", "[]", {.kind = QMP_EVENT_OTHER}},
    {"SHUTDOWN", NULL, {.kind = QMP_EVENT_SHUTDOWN}},
    {"SHUTDOWN",
     "{\"guest\": \"true\", \"reason\": [\"guest-shutdown\"]}",
     {.kind = QMP_EVENT_SHUTDOWN}},
    {"WATCHDOG", "\"pause\"", {.kind = QMP_EVENT_WATCHDOG}},
    {"WATCHDOG", "null", {.kind = QMP_EVENT_WATCHDOG}},
};

TEST(events_are_decoded) {
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        json_t *data = events[i].data ? json_loads(events[i].data, JSON_DECODE_ANY, NULL) : NULL;
        struct qmp_event event;
        memset(&event, 0xA5, sizeof event);
        qmp_event_decode(events[i].name, data, &event);
        json_decref(data);
        CHECK_STRING(event.name, events[i].name);
        CHECK_INT(event.kind, events[i].expected.kind);
        CHECK_INT(event.guest, events[i].expected.guest);
        CHECK_STRING(event.reason, events[i].expected.reason);
        CHECK_STRING(event.action, events[i].expected.action);
        CHECK_STRING(event.device, events[i].expected.device);
        CHECK_INT(event.nospace, events[i].expected.nospace);
        CHECK_INT(event.under_job, events[i].expected.under_job);
        CHECK_INT(event.open, events[i].expected.open);
    }
}

TEST(long_texts_of_events_are_cut_between_characters) {
    /* 62 bytes, then a character of two: with it there would be no room for the NUL. */
    scoped(buffer_done) struct buffer text = {0};
    for (int i = 0; i < 62; i++)
        buffer_putc(&text, 'a');
    buffer_puts(&text, "\xC3\xA4zzz");
    json_t *data = json_pack("{s:s}", "reason", text.data);
    struct qmp_event event;
    qmp_event_decode("BLOCK_IO_ERROR", data, &event);
    CHECK_INT(strlen(event.reason), 62);
    CHECK(strncmp(event.reason, text.data, 62) == 0);
    json_decref(data);

    json_t *fits = json_pack("{s:s%}", "reason", text.data + 1, (size_t)63);
    qmp_event_decode("BLOCK_IO_ERROR", fits, &event);
    CHECK_INT(strlen(event.reason), 63);
    json_decref(fits);
}

/* --- commands --- */

static void check_encoding(const char *command, const char *arguments, uint64_t id,
                           const char *expected) {
    json_t *object = arguments ? json_loads(arguments, JSON_ALLOW_NUL, NULL) : NULL;
    scoped(alloc_release) char *line = qmp_command_encode(command, object, id);
    CHECK_STRING(line, expected);
    json_decref(object);
}

TEST(commands_are_encoded) {
    check_encoding("query-status", NULL, 2, "{\"execute\":\"query-status\",\"id\":2}\n");
    check_encoding("block_resize", "{\"node-name\": \"disk0\", \"size\": 68719476736}", 3,
                   "{\"execute\":\"block_resize\",\"arguments\":{\"node-name\":\"disk0\",\"size\":"
                   "68719476736},\"id\":3}\n");
    check_encoding("a", "{}", INT64_MAX,
                   "{\"execute\":\"a\",\"arguments\":{},\"id\":9223372036854775807}\n");
    /* ASCII, and nothing that ends a line */
    check_encoding("a", "{\"\xC3\xA4\": \"\\u0000\\n\xF0\x9F\x98\x80\\u007f\\\"\"}", 4,
                   "{\"execute\":\"a\",\"arguments\":{\"\\u00E4\":"
                   "\"\\u0000\\n\\uD83D\\uDE00\x7F\\\"\"},\"id\":4}\n");
    check_encoding("\xFF\xFE", NULL, 5, "{\"execute\":\"\",\"id\":5}\n");
    check_encoding("a\"b", NULL, 6, "{\"execute\":\"a\\\"b\",\"id\":6}\n");
}

TEST(commands_that_drain_disks_have_more_time) {
    CHECK_INT(qmp_command_timeout_ms("query-status"), QMP_DEADLINE_MS);
    CHECK_INT(qmp_command_timeout_ms("quit"), QMP_DEADLINE_MS);
    CHECK_INT(qmp_command_timeout_ms(""), QMP_DEADLINE_MS);
    CHECK_INT(qmp_command_timeout_ms("stop"), QMP_DEADLINE_JOB_MS);
    CHECK_INT(qmp_command_timeout_ms("blockdev-backup"), QMP_DEADLINE_JOB_MS);
    CHECK_INT(qmp_command_timeout_ms("transaction"), QMP_DEADLINE_JOB_MS);
}

/* --- the session --- */

TEST(a_thousand_pipelined_commands) {
    struct qmp_session *session = ready_session();
    static int contexts[1000];
    uint64_t ids[1000];
    for (int i = 0; i < 1000; i++) {
        ids[i] = session_send(session, "query-status", NULL, &contexts[i], 0);
        CHECK(ids[i] > (i ? ids[i - 1] : 1));
    }
    char *line = session_output(session)->data;
    for (int i = 0; i < 1000; i++) {
        json_t *command = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
        CHECK_INT(json_integer_value(json_object_get(command, "id")), ids[i]);
        json_decref(command);
        line = strchr(line, '\n') + 1;
    }
    CHECK_STRING(line, "");
    for (int i = 0; i < 1000; i++)
        reply(session, ids[i]);
    struct qmp_item item;
    int count = 0;
    for (; session_next(session, &item); count++) {
        CHECK_INT(item.kind, QMP_ITEM_REPLY);
        CHECK_INT(item.status, QMP_STATUS_RETURN);
        CHECK_INT(item.id, ids[count]);
        CHECK(item.context == &contexts[count]);
    }
    CHECK_INT(count, 1000);
    CHECK(session_deadline_ms(session) == QMP_NO_DEADLINE);
    session_free(session);
}

TEST(a_thousand_events_in_one_read) {
    struct qmp_session *session = ready_session();
    scoped(buffer_done) struct buffer bytes = {0};
    for (int i = 0; i < 1000; i++)
        buffer_printf(&bytes, "{\"event\": \"E%d\", \"data\": {\"n\": %d}}\r\n", i, i);
    session_feed(session, bytes.data, bytes.length);
    struct qmp_item item;
    int count = 0;
    for (; session_next(session, &item); count++) {
        char name[16];
        snprintf(name, sizeof name, "E%d", count);
        CHECK_STRING(item.name, name);
        CHECK_INT(json_integer_value(json_object_get(item.value, "n")), count);
    }
    CHECK_INT(count, 1000);
    session_free(session);
}

TEST(what_an_item_points_at_stays_until_the_next_call) {
    struct qmp_session *session = ready_session();
    uint64_t id = session_send(session, "nope", NULL, NULL, 0);
    char line[] = "{\"id\": 2, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}}\r\n"
                  "{\"event\": \"STOP\"}\r\n";
    CHECK_INT(id, 2);
    feed_text(session, line);
    memset(line, 'x', sizeof line);
    struct qmp_item item;
    CHECK(session_next(session, &item));
    CHECK_STRING(item.command, "nope");
    CHECK_STRING(item.error_class, "CommandNotFound");
    CHECK_STRING(item.text, "no");
    CHECK(item.value == NULL);
    CHECK(session_next(session, &item));
    CHECK_STRING(item.name, "STOP");
    session_free(session); /* with an item handed out: the sanitizer counts */
}

TEST(commands_beyond_the_limit_are_refused_and_leave_nothing) {
    struct qmp_session *session = ready_session();
    for (unsigned i = 0; i < QMP_PENDING_LIMIT; i++)
        CHECK(session_send(session, "query-status", NULL, NULL, 0) != 0);
    size_t length = session_output(session)->length;
    CHECK_INT(session_send(session, "query-status", json_object(), NULL, 0), 0);
    CHECK_INT(session_output(session)->length, length);
    /* One that timed out and was not pulled still counts; pulling makes room. */
    session_tick(session, QMP_DEADLINE_MS);
    CHECK_INT(session_send(session, "query-status", NULL, NULL, 0), 0);
    struct qmp_item item;
    CHECK(session_next(session, &item));
    CHECK_INT(item.status, QMP_STATUS_TIMEOUT);
    CHECK(session_send(session, "query-status", NULL, NULL, 0) == QMP_PENDING_LIMIT + 2);
    session_free(session);
}

TEST(more_late_replies_than_are_remembered_are_swallowed) {
    enum { COUNT = 3 * PENDING_LATE_LIMIT };
    struct qmp_session *session = ready_session();
    struct qmp_item item;
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(session_send(session, "query-status", NULL, NULL, 0), i + 2);
    session_tick(session, QMP_DEADLINE_MS);
    for (int i = 0; i < COUNT; i++) {
        CHECK(session_next(session, &item));
        CHECK_INT(item.status, QMP_STATUS_TIMEOUT);
    }
    CHECK_INT(session_send(session, "query-name", NULL, NULL, QMP_DEADLINE_MS), COUNT + 2);
    for (int i = 0; i < COUNT; i++)
        reply(session, (uint64_t)i + 2);
    reply(session, COUNT + 2);
    CHECK(session_next(session, &item));
    CHECK_INT(item.id, COUNT + 2);
    CHECK_INT(item.status, QMP_STATUS_RETURN);
    CHECK(!session_next(session, &item));
    CHECK_INT(session_state(session), QMP_READY);
    reply(session, COUNT + 1); /* swallowed already, and remembered by its own id */
    CHECK(session_next(session, &item));
    CHECK_INT(item.kind, QMP_ITEM_LOST);
    session_free(session);
}

TEST(deadlines) {
    struct qmp_session *session = ready_session();
    CHECK(session_deadline_ms(session) == QMP_NO_DEADLINE);
    session_send_within(session, &(struct qmp_request){"a", NULL, NULL}, 1000, QMP_NO_DEADLINE);
    CHECK(session_deadline_ms(session) == QMP_NO_DEADLINE);
    session_send_within(session, &(struct qmp_request){"b", NULL, NULL}, 1000, 500);
    CHECK_INT(session_deadline_ms(session), 1500);
    session_send_within(session, &(struct qmp_request){"c", NULL, NULL}, 1000, 200);
    CHECK_INT(session_deadline_ms(session), 1200);
    session_send_within(session, &(struct qmp_request){"d", NULL, NULL}, 1000, 900);
    CHECK_INT(session_deadline_ms(session), 1200);
    reply(session, 4);
    struct qmp_item item;
    CHECK(session_next(session, &item));
    CHECK_STRING(item.command, "c");
    CHECK(session_deadline_ms(session) <= 1500);
    session_tick(session, 1200); /* too early for what is left, and then it is known exactly */
    CHECK(!session_next(session, &item));
    CHECK_INT(session_deadline_ms(session), 1500);
    session_tick(session, UINT64_MAX - 1);
    CHECK(session_next(session, &item));
    CHECK_STRING(item.command, "b");
    CHECK(session_next(session, &item));
    CHECK_STRING(item.command, "d");
    CHECK(!session_next(session, &item));
    CHECK(session_deadline_ms(session) == QMP_NO_DEADLINE);
    session_free(session);
}

/* QEMU answers in order. */
TEST(a_command_behind_a_slow_one_has_its_time) {
    struct qmp_session *session = ready_session();
    struct qmp_item item;
    session_send(session, "cont", NULL, NULL, 0);
    session_send(session, "query-status", NULL, NULL, 0);
    session_tick(session, QMP_DEADLINE_JOB_MS - 1);
    CHECK(!session_next(session, &item));
    reply(session, 2);
    reply(session, 3);
    CHECK(session_next(session, &item));
    CHECK_STRING(item.command, "cont");
    CHECK(session_next(session, &item));
    CHECK_INT(item.status, QMP_STATUS_RETURN);
    session_send(session, "query-status", NULL, NULL, 0);
    CHECK_INT(session_deadline_ms(session), QMP_DEADLINE_MS);
    session_free(session);
}

TEST(freeing_half_way_drops_what_was_not_pulled) {
    session_free(NULL);
    session_free(session_new(0, 0));
    struct qmp_session *session = session_new(0, QMP_GREETING_TIMEOUT_MS);
    session_send(session, "a", json_pack("{s:i}", "b", 1), NULL, 0);
    session_free(session);
    session = ready_session();
    session_send_within(session, &(struct qmp_request){"a", json_object(), NULL}, 0, 1);
    session_send(session, "b", NULL, NULL, 0);
    session_tick(session, 1);
    feed_text(session, "{\"event\": \"STOP\"}\r\n{\"ret");
    session_free(session);
}

TEST(after_the_loss_nothing_is_written_or_read) {
    struct qmp_session *session = ready_session();
    struct qmp_item item;
    session_send(session, "a", NULL, NULL, 0);
    feed_text(session, "no\n{\"event\": \"STOP\"}\n");
    CHECK(session_next(session, &item));
    CHECK_INT(item.status, QMP_STATUS_LOST);
    CHECK_INT(session_output(session)->length, 0);
    CHECK_INT(session_send(session, "b", json_object(), NULL, 0), 0);
    session_feed(session, greeting, sizeof greeting - 1);
    session_tick(session, 1000000);
    session_eof(session, "later");
    CHECK(session_next(session, &item));
    CHECK_INT(item.kind, QMP_ITEM_LOST);
    CHECK_CONTAINS(item.text, "is not QMP");
    CHECK(!session_next(session, &item));
    CHECK_INT(session_output(session)->length, 0);
    session_free(session);
}

TEST(ids_are_never_used_twice) {
    struct qmp_session *session = ready_session();
    struct qmp_item item;
    for (uint64_t id = 2; id < 10000; id++) {
        CHECK(session_send(session, "a", NULL, NULL, 0) == id);
        buffer_clear(session_output(session));
        reply(session, id);
        CHECK(session_next(session, &item) && item.id == id);
    }
    session_free(session);
}

int main(void) {
    return test_run();
}
