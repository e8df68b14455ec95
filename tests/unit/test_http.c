/* Replays tests/transcripts/http/ against one connection: whole, byte by byte, in random splits.
 *
 *     # why                           a remark
 *     > GET / HTTP/1.1\r\n            bytes from the peer; \r \n \t \\ \xNN
 *     >* 9000 a                       the same byte many times
 *     ~ idle                          the peer was silent for too long
 *     ! 200 text/yaml a: 1\n          how the next request is answered ("-": no type)
 *     ! allow GET, HEAD               given with the next answer
 *     = GET / [agent] body            a request must be handed out; "[agent] * 9000" gives a length
 *     < HTTP/1.1 200 OK\r\n           bytes to the peer
 *     . open | . closing              how the connection stands now
 *
 * A ">" after anything else begins a new block. After each block the requests handed out and the
 * bytes written must be those of the transcript so far. */
#include "test.h"
#include "transcript.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/strv.h"
#include "cloudinit/http.h"

#include <dirent.h>

#define FOLDER                 "transcripts/http"
#define TRANSCRIPT_LIMIT_BYTES 262144
#define RANDOM_SPLITS          40
#define SHOWN_BODY_BYTES       4096

enum split { SPLIT_NONE, SPLIT_BYTES, SPLIT_RANDOM };

struct replay {
    const char *name;
    enum split split;
    unsigned seed;
    struct http_connection *connection;
    struct strv answers; /* "! …" lines not yet used, from `answer` on */
    size_t answer;
    struct buffer input, output, expected_output, requests, expected_requests;
    int line;
    bool failed;
};

static void fail(struct replay *replay, const char *what, const char *actual,
                 const char *expected) {
    if (!replay->failed) {
        fprintf(stderr, "%s/%s:%d (split %d, seed %u): %s is\n%s\nexpected\n%s\n", FOLDER,
                replay->name, replay->line, (int)replay->split, replay->seed, what,
                actual ? actual : "(nothing)", expected ? expected : "(nothing)");
        test_failures++;
    }
    replay->failed = true;
}

static void escape(struct buffer *text, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '\r' || c == '\n' || c == '\t' || c == '\\')
            buffer_printf(text, "\\%c", c == '\r' ? 'r' : c == '\n' ? 'n' : c == '\t' ? 't' : c);
        else if (c < 0x20 || c >= 0x7F)
            buffer_printf(text, "\\x%02x", c);
        else
            buffer_putc(text, (char)c);
    }
}

/* "200 text/yaml BODY"; without a line left every request gets 200 and "ok\n". */
static void respond(struct replay *replay) {
    int status = 200;
    char type[64] = "-";
    int body_at = 0;
    const char *line = "200 - ok\\n";
    while (replay->answer < replay->answers.count) {
        line = replay->answers.items[replay->answer++];
        if (strncmp(line, "allow ", 6) != 0)
            break;
        http_allow(replay->connection, line + 6);
    }
    if (sscanf(line, "%d %63s %n", &status, type, &body_at) < 2) {
        fail(replay, "answer", line, "STATUS TYPE BODY");
        return;
    }
    scoped(buffer_done) struct buffer body = {0};
    transcript_unescape(&body, line + body_at);
    http_respond(replay->connection, status, strcmp(type, "-") == 0 ? NULL : type, body.data,
                 body.length);
}

static void note_request(struct replay *replay, const struct http_request *request) {
    buffer_printf(&replay->requests, "%s %s [", request->method, request->target);
    escape(&replay->requests, request->agent, strlen(request->agent));
    buffer_puts(&replay->requests, "]");
    if (request->body_length > SHOWN_BODY_BYTES) {
        buffer_printf(&replay->requests, " * %zu", request->body_length);
    } else if (request->body_length > 0) {
        buffer_putc(&replay->requests, ' ');
        escape(&replay->requests, request->body, request->body_length);
    }
    buffer_putc(&replay->requests, '\n');
    if (request->body[request->body_length] != 0)
        fail(replay, "end of the body", "not NUL", "NUL");
}

static void feed(struct replay *replay, const char *data, size_t length) {
    /* a copy of exactly this size, so that a read beyond it is seen by the sanitizer */
    scoped(alloc_release) char *copy = alloc_zero(length);
    memcpy(copy, data, length);
    http_feed(replay->connection, copy, length);
    struct http_request request;
    while (http_next(replay->connection, &request)) {
        note_request(replay, &request);
        respond(replay);
    }
    struct buffer *output = http_output(replay->connection);
    buffer_append(&replay->output, output->data, output->length);
    buffer_clear(output);
}

static size_t next_size(struct replay *replay, size_t left) {
    if (replay->split == SPLIT_NONE)
        return left;
    if (replay->split == SPLIT_BYTES)
        return 1;
    replay->seed = replay->seed * 1103515245u + 12345u;
    size_t size = 1 + (replay->seed >> 16) % 97;
    return size < left ? size : left;
}

static void compare(struct replay *replay, const char *what, const struct buffer *actual,
                    const struct buffer *expected) {
    if (actual->length == expected->length &&
        (actual->length == 0 || memcmp(actual->data, expected->data, actual->length) == 0))
        return;
    scoped(buffer_done) struct buffer a = {0}, e = {0};
    escape(&a, actual->data, actual->length);
    escape(&e, expected->data, expected->length);
    fail(replay, what, a.data, e.data);
}

static void end_block(struct replay *replay) {
    for (size_t at = 0, size; at < replay->input.length; at += size) {
        size = next_size(replay, replay->input.length - at);
        feed(replay, replay->input.data + at, size);
    }
    buffer_clear(&replay->input);
    compare(replay, "what was handed out", &replay->requests, &replay->expected_requests);
    compare(replay, "what was written", &replay->output, &replay->expected_output);
    buffer_clear(&replay->requests);
    buffer_clear(&replay->expected_requests);
    buffer_clear(&replay->output);
    buffer_clear(&replay->expected_output);
}

static void repeat(struct buffer *bytes, const char *text) {
    char *end;
    for (long count = strtol(text, &end, 10); count > 0; count--)
        transcript_unescape(bytes, end + 1);
}

static void check_state(struct replay *replay, const char *expected) {
    end_block(replay);
    const char *state = http_closing(replay->connection) ? "closing" : "open";
    if (strcmp(state, expected) != 0)
        fail(replay, "the connection", state, expected);
}

static void idle(struct replay *replay) {
    end_block(replay);
    http_idle(replay->connection);
    struct buffer *output = http_output(replay->connection);
    buffer_append(&replay->output, output->data, output->length);
    buffer_clear(output);
}

static bool play_line(struct replay *replay, const char *line, bool reading) {
    const char *rest = line + (line[0] && line[1] == ' ' ? 2 : strlen(line));
    bool input = line[0] == '>';
    if (input && !reading)
        end_block(replay);
    if (strncmp(line, ">* ", 3) == 0)
        repeat(&replay->input, line + 3);
    else if (input)
        transcript_unescape(&replay->input, rest);
    else if (line[0] == '!')
        strv_push(&replay->answers, rest);
    else if (line[0] == '=')
        buffer_printf(&replay->expected_requests, "%s\n", rest);
    else if (line[0] == '<')
        transcript_unescape(&replay->expected_output, rest);
    else if (line[0] == '.')
        check_state(replay, rest);
    else if (line[0] == '~')
        idle(replay);
    else if (line[0] && line[0] != '#')
        fail(replay, "the line", line, "one of # > >* ~ ! = < .");
    return input || line[0] == '#' || line[0] == 0 ? input || reading : false;
}

static void play(const char *name, char *text, enum split split, unsigned seed) {
    struct replay replay = {.name = name, .split = split, .seed = seed, .connection = http_new()};
    bool reading = true;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        replay.line++;
        reading = play_line(&replay, line, reading);
    }
    end_block(&replay);
    if (replay.answer < replay.answers.count)
        fail(&replay, "unused answer", replay.answers.items[replay.answer], NULL);
    http_free(replay.connection);
    strv_done(&replay.answers);
    buffer_done(&replay.input);
    buffer_done(&replay.output);
    buffer_done(&replay.expected_output);
    buffer_done(&replay.requests);
    buffer_done(&replay.expected_requests);
}

static void play_all_splits(const char *name, const struct buffer *transcript) {
    int before = test_failures; /* one split that fails says enough */
    for (unsigned i = 0; i < RANDOM_SPLITS + 2 && test_failures == before; i++) {
        scoped(alloc_release) char *text = alloc_slice(transcript->data, transcript->length);
        play(name, text, i == 0 ? SPLIT_NONE : i == 1 ? SPLIT_BYTES : SPLIT_RANDOM, i);
    }
}

TEST(transcripts) {
    DIR *folder = opendir(FOLDER);
    CHECK(folder != NULL);
    int count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (!strstr(entry->d_name, ".txt"))
            continue;
        scoped(alloc_release) char *path = alloc_printf("%s/%s", FOLDER, entry->d_name);
        scoped(buffer_done) struct buffer transcript = {0};
        CHECK(file_read(path, TRANSCRIPT_LIMIT_BYTES, &transcript, NULL));
        play_all_splits(entry->d_name, &transcript);
        count++;
    }
    if (folder)
        closedir(folder);
    CHECK(count >= 10);
}

static const char get[] = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

/* A peer that sends and never reads must not make the connection grow. */
TEST(output_that_is_not_read_holds_requests_back) {
    static const char body[1000];
    struct http_connection *connection = http_new();
    struct http_request request;
    size_t served = 0;
    for (size_t i = 0; i < 2000; i++) {
        http_feed(connection, get, sizeof get - 1);
        while (http_next(connection, &request)) {
            http_respond(connection, 200, NULL, body, sizeof body);
            served++;
        }
    }
    CHECK(http_output(connection)->length < HTTP_OUTPUT_LIMIT_BYTES + 2 * sizeof body);
    CHECK(served < 300);
    size_t before = served;
    buffer_clear(http_output(connection));
    while (http_next(connection, &request)) {
        http_respond(connection, 200, NULL, body, sizeof body);
        served++;
    }
    CHECK(served > before); /* what was written makes room again */
    http_free(connection);
}

TEST(more_pipelined_than_the_limit_is_refused_after_the_answers) {
    struct http_connection *connection = http_new();
    struct http_request request;
    size_t served = 0;
    for (size_t sent = 0; sent <= 2 * HTTP_INPUT_LIMIT_BYTES; sent += sizeof get - 1)
        http_feed(connection, get, sizeof get - 1);
    while (http_next(connection, &request)) {
        CHECK_STRING(request.target, "/a");
        http_respond(connection, 204, NULL, NULL, 0);
        served++;
    }
    CHECK(served >= HTTP_INPUT_LIMIT_BYTES / (sizeof get - 1));
    CHECK(http_closing(connection));
    CHECK_CONTAINS(http_output(connection)->data, "HTTP/1.1 413 ");
    http_free(connection);
}

TEST(idle_while_a_request_is_handed_out_waits_for_its_answer) {
    struct http_connection *connection = http_new();
    struct http_request request;
    http_feed(connection, get, sizeof get - 1);
    CHECK(http_next(connection, &request));
    CHECK(!http_next(connection, &request));
    http_idle(connection);
    CHECK(!http_closing(connection));
    http_respond(connection, 200, NULL, "x", 1);
    CHECK(http_closing(connection));
    CHECK_CONTAINS(http_output(connection)->data, "Connection: close\r\n\r\nx");
    http_free(connection);
}

TEST(nothing_happens_after_closing) {
    struct http_connection *connection = http_new();
    struct http_request request;
    http_idle(connection);
    CHECK(http_closing(connection));
    http_feed(connection, get, sizeof get - 1);
    CHECK(!http_next(connection, &request));
    http_respond(connection, 200, NULL, "x", 1);
    CHECK_INT(http_output(connection)->length, 0);
    http_free(connection);
    http_free(NULL);
}

/* What is fed at once is looked at eight bytes at a time. */
TEST(each_byte_is_judged_alike_wherever_it_is_in_the_head) {
    char text[] = "GET /x HTTP/1.1\r\nHost: a\r\nX-Long: 0123456789abcdef\r\n\r\n";
    const size_t length = sizeof text - 1, value = length - strlen("0123456789abcdef\r\n\r\n");
    for (size_t at = value; at < value + 16; at++) {
        const char before = text[at];
        for (int byte = 0; byte < 256; byte++) {
            struct http_connection *whole = http_new(), *split = http_new();
            text[at] = (char)byte;
            http_feed(whole, text, length);
            for (size_t i = 0; i < length; i++)
                http_feed(split, &text[i], 1);
            const bool plain = byte >= ' ' && byte != 0x7F;
            CHECK(http_stage(whole) == http_stage(split));
            CHECK(http_closing(whole) == http_closing(split));
            CHECK(!plain || !http_closing(whole));
            CHECK(plain || byte == '\t' || http_closing(whole));
            http_free(whole);
            http_free(split);
        }
        text[at] = before;
    }
}

int main(void) {
    return test_run();
}
