/* What one QMP message costs: replies and events from memory through a session, in nanoseconds.
 *
 *     bench_qmp [ROUNDS [jansson [REPLY]]]
 *
 * Prints; asserts nothing about time. A round is as many commands as may be under way at once, with
 * as many events between their replies, fed as a socket would give them. REPLY: a file with what
 * one command returns, as JSON on one line; a round is one such command. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "qmp/session.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS     200
#define READ_BYTES 65536

static const char greeting[] =
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, "
    "\"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n{\"return\": {}, \"id\": 1}\r\n";

static struct {
    long rounds;
    bool jansson;
    struct buffer reply;
    size_t commands, messages;
    uint64_t sending_ns, reading_ns, parsing_ns;
} bench;

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "bench_qmp: %s\n", what);
    exit(1);
}

static size_t pull(struct qmp_session *session) {
    struct qmp_item item;
    size_t count = 0;
    for (; session_next(session, &item); count++)
        if (item.kind == QMP_ITEM_LOST)
            fail(item.text);
    return count;
}

static void feed(struct qmp_session *session, const struct buffer *bytes) {
    for (size_t at = 0; at < bytes->length; at += READ_BYTES) {
        size_t left = bytes->length - at;
        session_feed(session, bytes->data + at, left < READ_BYTES ? left : READ_BYTES);
        bench.messages += pull(session);
    }
}

/* The same lines by jansson alone, as a bound. */
static void parse(const struct buffer *bytes) {
    for (const char *line = bytes->data, *end; (end = strchr(line, '\n')); line = end + 1)
        json_decref(json_loadb(line, (size_t)(end - line), 0, NULL));
}

static void fill_storm(struct buffer *bytes, uint64_t first_id) {
    for (unsigned i = 0; i < QMP_PENDING_LIMIT; i++)
        buffer_printf(
            bytes,
            "{\"timestamp\": {\"seconds\": 1795472802, \"microseconds\": %u}, \"event\": "
            "\"RTC_CHANGE\", \"data\": {\"offset\": %u, \"qom-path\": \"/machine/rtc\"}}\r\n"
            "{\"return\": {\"status\": \"running\", \"singlestep\": false, \"running\": "
            "true}, \"id\": %llu}\r\n",
            i, i, (unsigned long long)(first_id + i));
}

static void fill(struct buffer *bytes, uint64_t first_id) {
    buffer_clear(bytes);
    if (bench.reply.length)
        buffer_printf(bytes, "{\"return\": %s, \"id\": %llu}\r\n", bench.reply.data,
                      (unsigned long long)first_id);
    else
        fill_storm(bytes, first_id);
}

/* The id of the first one. */
static uint64_t send_all(struct qmp_session *session) {
    unsigned count = bench.reply.length ? 1 : QMP_PENDING_LIMIT;
    uint64_t began_ns = now_ns(), first = 0;
    for (unsigned i = 0; i < count; i++, bench.commands++) {
        uint64_t id = session_send(session, "query-status", NULL, NULL, 0);
        first = first ? first : id;
    }
    buffer_clear(session_output(session));
    bench.sending_ns += now_ns() - began_ns;
    return first;
}

static void run_rounds(struct qmp_session *session) {
    scoped(buffer_done) struct buffer bytes = {0};
    for (long round = 0; round < bench.rounds; round++) {
        fill(&bytes, send_all(session));
        uint64_t began_ns = now_ns();
        feed(session, &bytes);
        bench.reading_ns += now_ns() - began_ns;
        began_ns = now_ns();
        if (bench.jansson)
            parse(&bytes);
        bench.parsing_ns += now_ns() - began_ns;
    }
}

static void report(void) {
    printf("%zu commands written, %.0f ns each\n", bench.commands,
           (double)bench.sending_ns / (double)bench.commands);
    printf("%zu messages read, %.0f ns each\n", bench.messages,
           (double)bench.reading_ns / (double)bench.messages);
    if (bench.jansson)
        printf("jansson alone, %.0f ns each\n", (double)bench.parsing_ns / (double)bench.messages);
}

int main(int argc, char **argv) {
    long wanted = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS;
    struct error error = {0};
    bench.rounds = wanted > 0 ? wanted : 1;
    bench.jansson = argc > 2;
    if (argc > 3 && !file_read(argv[3], QMP_LINE_LIMIT_BYTES, &bench.reply, &error))
        fail(error.text);
    struct qmp_session *session = session_new(0, QMP_GREETING_TIMEOUT_MS);
    session_feed(session, greeting, sizeof greeting - 1);
    pull(session);
    run_rounds(session);
    session_free(session);
    report();
    buffer_done(&bench.reply);
    return 0;
}
