/* What all the rest is built of: errors, buffers, lists of texts, lines, digests, random tokens. */
#include "base/alloc.h"
#include "base/base64.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/line.h"
#include "base/secret.h"
#include "base/sha256.h"
#include "base/strv.h"
#include "test.h"

TEST(error_first_wins_and_prefixes) {
    struct error error = {0};
    CHECK(!error_set(&error, ERROR_NOT_FOUND, "no instance \"%s\"", "a"));
    error_set(&error, ERROR_FAILED, "second");
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    error_prefix(&error, "cannot start");
    CHECK_STRING(error.text, "cannot start: no instance \"a\"");
    CHECK(!error_set(NULL, ERROR_FAILED, "nobody listens"));
}

TEST(error_codes_have_words_and_statuses) {
    static const int statuses[] = {0, 1, 2, 2, 3, 3, 3, 4, 5, 1};
    CHECK_INT(sizeof statuses / sizeof *statuses, ERROR_CODE_COUNT);
    for (int i = 0; i < ERROR_CODE_COUNT; i++) {
        enum error_code back;
        CHECK_INT(error_exit_status((enum error_code)i), statuses[i]);
        CHECK(error_code_from_word(error_word((enum error_code)i), &back));
        CHECK_INT(back, i);
    }
}

TEST(buffer_grows_and_consumes) {
    struct buffer buffer = {0};
    for (int i = 0; i < 1000; i++)
        buffer_printf(&buffer, "%d,", i);
    CHECK_INT(buffer.length, 10 * 2 + 90 * 3 + 900 * 4);
    buffer_consume(&buffer, 4);
    CHECK(strncmp(buffer.data, "2,3,", 4) == 0);
    buffer_consume(&buffer, 1 << 20);
    CHECK_INT(buffer.length, 0);
    buffer_done(&buffer);
}

TEST(strv_grows) {
    struct strv list = {0};
    for (size_t i = 0; i < 100; i++) {
        strv_pushf(&list, "%zu", i);
        CHECK_INT(list.count, i + 1);
        CHECK(!list.items[list.count]);
    }
    CHECK_STRING(list.items[99], "99");
    strv_done(&list);
}

TEST(strv_is_always_terminated) {
    struct strv list = {0};
    strv_push(&list, "a");
    strv_pushf(&list, "%d", 2);
    CHECK_INT(list.count, 2);
    CHECK_STRING(list.items[1], "2");
    CHECK(list.items[2] == NULL);
    strv_done(&list);
}

static void split(size_t step, const char *input, struct buffer *out) {
    struct line_splitter splitter;
    line_init(&splitter, 8);
    for (size_t at = 0, size = strlen(input); at < size; at += step) {
        char *line;
        size_t length;
        line_feed(&splitter, input + at, step < size - at ? step : size - at);
        while ((line = line_next(&splitter, &length)))
            buffer_printf(out, "[%.*s]", (int)length, line);
    }
    if (splitter.broken)
        buffer_puts(out, "!");
    line_done(&splitter);
}

TEST(lines_do_not_depend_on_how_bytes_arrive) {
    static const struct {
        const char *input, *expected;
    } rows[] = {
        {"a\r\nbb\n\nccc", "[a][bb][]"},
        {"12345678\nx\n", "[12345678][x]"},
        {"ok\n123456789\nx\n", "[ok]!"},
        {"1234567890", "!"},
    };
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++)
        for (size_t step = 1; step < 20; step++) {
            struct buffer out = {0};
            split(step, rows[row].input, &out);
            CHECK_STRING(out.data ? out.data : "", rows[row].expected);
            buffer_done(&out);
        }
}

/* Of every length about a block's, in pieces of every length, by both ways. */
TEST(sha256_of_every_length) {
    unsigned char text[300], digest[SHA256_BYTES];
    char expected[SECRET_SHA256_SIZE], got[SECRET_SHA256_SIZE];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (unsigned char)(i * 167 + i / 7);
    for (size_t length = 0; length <= sizeof text; length++) {
        secret_sha256(text, length, expected);
        for (size_t piece = 1; piece <= length + 1; piece += piece < 70 ? 1 : 31) {
            struct sha256 states[2];
            sha256_begin(&states[0]);
            sha256_begin_soft(&states[1]);
            for (size_t way = 0; way < 2; way++) {
                for (size_t at = 0; at < length; at += piece)
                    sha256_add(&states[way], text + at, length - at < piece ? length - at : piece);
                sha256_end(&states[way], digest);
                for (size_t i = 0; i < sizeof digest; i++)
                    snprintf(got + 2 * i, 3, "%02x", digest[i]);
                CHECK_STRING(got, expected);
            }
        }
    }
}

TEST(tokens_and_uuids_are_new_each_time) {
    char a[SECRET_TOKEN_SIZE], b[SECRET_TOKEN_SIZE], uuid[37];
    secret_token(a);
    secret_token(b);
    CHECK_INT(strlen(a), 32);
    CHECK(!secret_equal(a, b));
    secret_uuid4(uuid);
    CHECK_INT(uuid[14], '4');
    CHECK(strchr("89ab", uuid[19]) != NULL);
}

TEST(base64_comes_back) {
    char bytes[200];
    for (size_t length = 0; length <= sizeof bytes; length++) {
        struct buffer text = {0}, decoded = {0};
        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)(i * 37 + length);
        base64_append(bytes, length, &text);
        CHECK(base64_decode(text.data ? text.data : "", &decoded));
        CHECK(decoded.length == length &&
              memcmp(decoded.data ? decoded.data : "", bytes, length) == 0);
        buffer_done(&text);
        buffer_done(&decoded);
    }
    struct buffer none = {0};
    CHECK(!base64_decode("a", &none) && !base64_decode("YQ==x", &none) &&
          !base64_decode("\xff", &none));
    CHECK(none.length == 0);
}

int main(void) {
    return test_run();
}
