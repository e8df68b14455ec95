/* What one QMP message costs: replies and events from memory through a session, in nanoseconds.
 *
 *     bench_qmp [ROUNDS [jansson]]
 *
 * Prints; asserts nothing about time. A round is as many commands as may be under way at once, with
 * as many events between their replies, fed as a socket would give them. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "qmp/session.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS     200
#define READ_BYTES 65536

static const char greeting[] =
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, "
    "\"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n{\"return\": {}, \"id\": 1}\r\n";

static size_t pull(struct qmp_session *session) {
    struct qmp_item item;
    size_t count = 0;
    for (; session_next(session, &item); count++)
        if (item.kind == QMP_ITEM_LOST) {
            fprintf(stderr, "bench_qmp: %s\n", item.text);
            exit(1);
        }
    return count;
}

static void feed(struct qmp_session *session, const struct buffer *bytes, size_t *messages) {
    for (size_t at = 0; at < bytes->length; at += READ_BYTES) {
        size_t left = bytes->length - at;
        session_feed(session, bytes->data + at, left < READ_BYTES ? left : READ_BYTES);
        *messages += pull(session);
    }
}

/* The same lines by jansson alone, as a bound. */
static void parse(const struct buffer *bytes) {
    for (const char *line = bytes->data, *end; (end = strchr(line, '\n')); line = end + 1)
        json_decref(json_loadb(line, (size_t)(end - line), 0, NULL));
}

static void fill(struct buffer *bytes, uint64_t first_id) {
    buffer_clear(bytes);
    for (unsigned i = 0; i < QMP_PENDING_LIMIT; i++)
        buffer_printf(
            bytes,
            "{\"timestamp\": {\"seconds\": 1795472802, \"microseconds\": %u}, \"event\": "
            "\"RTC_CHANGE\", \"data\": {\"offset\": %u, \"qom-path\": \"/machine/rtc\"}}\r\n"
            "{\"return\": {\"status\": \"running\", \"singlestep\": false, \"running\": "
            "true}, \"id\": %llu}\r\n",
            i, i, (unsigned long long)(first_id + i));
}

int main(int argc, char **argv) {
    long wanted = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS, rounds = wanted > 0 ? wanted : 1;
    scoped(buffer_done) struct buffer bytes = {0};
    struct qmp_session *session = session_new(0, QMP_GREETING_TIMEOUT_MS);
    session_feed(session, greeting, sizeof greeting - 1);
    pull(session);

    size_t messages = 0, commands = 0;
    uint64_t sending_ms = 0, reading_ms = 0, parsing_ms = 0;
    for (long round = 0; round < rounds; round++) {
        uint64_t start_ms = clock_monotonic_ms(), first = 0;
        for (unsigned i = 0; i < QMP_PENDING_LIMIT; i++, commands++) {
            uint64_t id = session_send(session, "query-status", NULL, NULL, 0);
            first = first ? first : id;
        }
        buffer_clear(session_output(session));
        sending_ms += clock_monotonic_ms() - start_ms;
        fill(&bytes, first);
        start_ms = clock_monotonic_ms();
        feed(session, &bytes, &messages);
        reading_ms += clock_monotonic_ms() - start_ms;
        start_ms = clock_monotonic_ms();
        if (argc > 2)
            parse(&bytes);
        parsing_ms += clock_monotonic_ms() - start_ms;
    }
    session_free(session);
    printf("%zu commands written, %.0f ns each\n", commands,
           (double)sending_ms * 1e6 / (double)commands);
    printf("%zu messages read, %.0f ns each\n", messages,
           (double)reading_ms * 1e6 / (double)messages);
    if (argc > 2)
        printf("jansson alone, %.0f ns each\n", (double)parsing_ms * 1e6 / (double)messages);
    return 0;
}
