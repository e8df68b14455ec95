#include "base/alloc.h"
#include "base/base64.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_watch.h"
#include "base/line.h"
#include "base/log.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/secret.h"
#include "base/sha256.h"
#include "base/strv.h"
#include "base/sync_ahead.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

TEST(labels_are_rfc1123) {
    struct error error = {0};
    CHECK(name_check_label("name", "test-1", &error));
    static const char *const bad[] = {"",    "Test", "-a",  "a-",   "a_b",
                                      "a.b", "a b",  "a/b", "\x1b", "ä"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        error_clear(&error);
        CHECK(!name_check_label("name", bad[i], &error));
        CHECK_CONTAINS(error.text, "RFC 1123");
    }
    char longest[65];
    memset(longest, 'a', 64);
    longest[64] = 0;
    CHECK(!name_check_label("name", longest, NULL));
    CHECK(name_check_label("name", longest + 1, NULL));
}

TEST(addresses_are_strict) {
    uint32_t ip;
    unsigned prefix;
    char text[16];
    uint8_t mac[6];
    char mac_text[18];
    CHECK(name_parse_mac("52:54:00:aB:CD:0f", mac));
    name_format_mac(mac, mac_text);
    CHECK_STRING(mac_text, "52:54:00:ab:cd:0f");
    CHECK(!name_parse_mac("52:54:00:12:34:5", mac));
    CHECK(!name_parse_mac("52:54:00:12:34:5g", mac));
    CHECK(!name_parse_mac("52-54-00-12-34-56", mac));
    CHECK(!name_parse_mac("52:54:00:12:34:567", mac));
    CHECK(name_parse_ip4("172.16.3.5", &ip));
    name_format_ip4(ip, text);
    CHECK_STRING(text, "172.16.3.5");
    static const char *const bad[] = {"",         "1.2.3",    "1.2.3.4.", "1.2.3.256",
                                      "1.2.3.4x", "01.2.3.4", "1..2.3",   " 1.2.3.4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!name_parse_ip4(bad[i], &ip));
    CHECK(name_parse_netmask("255.255.255.0", &prefix) && prefix == 24);
    CHECK(name_parse_netmask("255.255.255.255", &prefix) && prefix == 32);
    CHECK(name_parse_netmask("0.0.0.0", &prefix) && prefix == 0);
    CHECK(!name_parse_netmask("255.0.255.0", &prefix));
}

TEST(sizes_know_their_units) {
    uint64_t bytes;
    char text[32];
    CHECK(name_parse_size("4G", &bytes) && bytes == UINT64_C(4) << 30);
    CHECK(name_parse_size("512MiB", &bytes) && bytes == UINT64_C(512) << 20);
    CHECK(name_parse_size("10", &bytes) && bytes == 10);
    CHECK(name_parse_size("1.5G", &bytes) && bytes == UINT64_C(1536) << 20);
    CHECK(name_parse_size("1 GiB", &bytes) && bytes == UINT64_C(1) << 30);
    CHECK(name_parse_size("2g", &bytes) && bytes == UINT64_C(2) << 30);
    CHECK(name_parse_size("0.25 tb", &bytes) && bytes == UINT64_C(256) << 30);
    CHECK(name_parse_size("100 B", &bytes) && bytes == 100);
    static const char *const bad[] = {"",       "G",     "-1",  "4GG",       "99999999999999999999",
                                      "17000P", "1.5",   "1.G", ".5G",       "1.2.3G",
                                      "1,5G",   "4 G B", "4X",  "1.1234567G"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!name_parse_size(bad[i], &bytes));
    name_format_size(116457472, text);
    CHECK_STRING(text, "111 MiB");
    name_format_size(1536, text);
    CHECK_STRING(text, "1.5 KiB");
    name_format_size(UINT64_MAX, text);
    CHECK_STRING(text, "16383.9 PiB");
    name_format_size_short(0, text);
    CHECK_STRING(text, "0B");
    CHECK(name_put_number(UINT64_MAX, text) == text + 20);
    CHECK_STRING(text, "18446744073709551615");
}

TEST(durations) {
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"90", 90000},
        {"0", 0},
        {"5m", 300000},
        {"1h30m", 5400000},
        {"1 h 30 min", 5400000},
        {"1.5h", 5400000},
        {"500ms", 500},
        {"2d", 172800000},
        {"1w", 604800000},
        {"2.25", 2250},
        {"3 seconds", 3000},
        {"", -1},
        {"h", -1},
        {"-1", -1},
        {"5mm", -1},
        {"30m1h", -1},
        {"5m5m", -1},
        {"1h30", -1},
        {"soon", -1},
        {"1.s", -1},
        {"9999999999", -1},
        {"1,5h", -1},
        {"5 m x", -1},
        {"1.2345s", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t ms = 0;
        bool good = duration_parse(rows[i].text, &ms);
        CHECK_INT(good ? (int64_t)ms : -1, rows[i].ms);
    }
}

TEST(durations_are_written_for_people) {
    static const struct {
        uint64_t ms;
        const char *text, *brief;
    } rows[] = {
        {0, "0.0 s", "0s"},
        {2190, "2.1 s", "2s"},
        {42000, "42 s", "42s"},
        {111000, "1 min 51 s", "111s"},
        {45 * 60000, "45 min", "45m"},
        {90 * 60000, "1 h 30 min", "90m"},
        {26 * 3600000, "1 d 2 h", "26h"},
        {UINT64_C(76) * 3600000, "3 d 4 h", "3d"},
    };
    char text[DURATION_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        duration_format(rows[i].ms, text);
        CHECK_STRING(text, rows[i].text);
        duration_format_short(rows[i].ms, text);
        CHECK_STRING(text, rows[i].brief);
    }
}

TEST(moments_of_the_past) {
    struct error error = {0};
    int64_t since = 0, now = INT64_C(1800000000000);
    CHECK(duration_parse_since("1h30m", now, &since, &error) && since == now - 5400000);
    CHECK(duration_parse_since("2026-11-23T13:07:35.878Z", now, &since, &error));
    CHECK_INT(since, INT64_C(1795439255000));
    CHECK(duration_parse_since("2026-11-23 13:07", now, &since, &error));
    CHECK_INT(since, INT64_C(1795439220000));
    CHECK(duration_parse_since("2026-11-23", now, &since, &error));
    CHECK(!duration_parse_since("yesterday", now, &since, &error));
    CHECK_CONTAINS(error.text, "\"yesterday\" is not a time");
}

/* Lines on stderr while this runs, by what they contain. */
static unsigned count_lines(const char *path, const char *part) {
    struct buffer text = {0};
    struct error error = {0};
    unsigned count = 0;
    CHECK(file_read(path, 4u << 20, &text, &error));
    for (const char *at = text.data; at && (at = strstr(at, part)); at++)
        count++;
    buffer_done(&text);
    return count;
}

TEST(a_flood_of_lines_is_bounded_and_says_so) {
    char path[] = "/tmp/pgsup-log.XXXXXX";
    int file = mkstemp(path), before = dup(STDERR_FILENO);
    fflush(stderr);
    dup2(file, STDERR_FILENO);
    for (unsigned i = 0; i < LOG_LINES_AT_ONCE + 1000; i++)
        log_info("flood");
    log_warning("not flooded");
    poll(NULL, 0, 2 * 1000 / LOG_LINES_PER_S);
    log_info("later");
    dup2(before, STDERR_FILENO);
    close(before);
    close(file);
    unsigned lines = count_lines(path, "flood\n");
    CHECK(lines >= LOG_LINES_AT_ONCE && lines < LOG_LINES_AT_ONCE + 200);
    CHECK_INT(count_lines(path, "warning: not flooded\n"), 1);
    CHECK_INT(count_lines(path, "later\n"), 1);
    CHECK_INT(count_lines(path, " lines were left out"), 1);
    unlink(path);
}

TEST(printable_text_has_no_controls) {
    static const char hostile[] = "a\x1b[2J\n\\ \xc3\xa4 \xff \xc2\x9b";
    char *text = name_printable(hostile, sizeof hostile - 1, 100);
    CHECK_STRING(text, "a\\x1B[2J\\x0A\\\\ ä \\xFF \\xC2\\x9B");
    free(text);
    /* right-to-left override, isolate, Arabic letter mark, line separator; a joiner is text */
    text = name_safe("a\u202eb\u2066\u061c\u2028 \\ \u200d\x1b");
    CHECK_STRING(text, "a\\xE2\\x80\\xAEb\\xE2\\x81\\xA6\\xD8\\x9C\\xE2\\x80\\xA8 \\ \u200d\\x1B");
    char *again = name_safe(text);
    CHECK_STRING(again, text);
    free(again);
    free(text);
    CHECK_INT(name_hidden_control("\u202e"), 0x202E);
    CHECK_INT(name_hidden_control("\xE2"), 0);
    text = name_printable("abcdef", 6, 3);
    CHECK_STRING(text, "abc...");
    free(text);
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

static off_t size_of(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? status.st_size : -1;
}

TEST(files_are_synced_ahead) {
    char folder[] = "/tmp/pgsup-base-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    scoped(alloc_release) char *path = alloc_printf("%s/file", folder);
    scoped(alloc_release) char *link_path = alloc_printf("%s/link", folder);
    scoped(alloc_release) char *second = alloc_printf("%s/second", folder);
    struct error error = {0};
    struct sync_ahead ahead;
    CHECK(file_write(path, "hello", 5, 0600, &error));
    sync_ahead_begin(&ahead, path);
    CHECK(sync_ahead_end(&ahead, &error));
    CHECK_INT(size_of(path), 5);
    sync_ahead_begin(&ahead, second);
    CHECK(!sync_ahead_end(&ahead, &error));
    CHECK_CONTAINS(error.text, second);
    CHECK(symlink(path, link_path) == 0); /* put in its place: it is another's file */
    sync_ahead_begin(&ahead, link_path);
    sync_ahead_drop(&ahead);
    CHECK(link(path, second) == 0);
    sync_ahead_begin(&ahead, path);
    sync_ahead_drop(&ahead);
    CHECK_INT(size_of(path), 5);
    CHECK(unlink(second) == 0);
    sync_ahead_begin(&ahead, path);
    sync_ahead_drop(&ahead);
    CHECK_INT(size_of(path), 0);
    CHECK(file_remove_tree(folder, NULL));
}

static ino_t inode(const char *path) {
    struct stat status = {0};
    CHECK_INT(stat(path, &status), 0);
    return status.st_ino;
}

TEST(a_file_that_is_as_it_should_be_is_not_written) {
    struct error error = {0};
    char folder[] = "/tmp/pgsup-base-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    scoped(alloc_release) char *path = alloc_printf("%s/kept", folder);
    CHECK(file_keep(path, "one", 3, 0600, &error));
    ino_t first = inode(path);
    CHECK(file_keep(path, "one", 3, 0600, &error));
    CHECK(inode(path) == first);
    CHECK_INT(chmod(path, 0644), 0);
    CHECK(file_keep(path, "one", 3, 0600, &error));
    CHECK(inode(path) != first);
    CHECK(file_keep(path, "two", 3, 0600, &error) && file_content_equals(path, "two", 3));
    unlink(path);
    rmdir(folder);
}

TEST(files_are_written_whole_or_not) {
    char folder[] = "/tmp/pgsup-base-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    char *path = alloc_printf("%s/a/b/file", folder);
    char *parent = alloc_printf("%s/a/b", folder);
    struct error error = {0};
    CHECK(file_make_directory(parent, 0700, &error));
    CHECK(file_write(path, "hello", 5, 0600, &error));
    struct buffer content = {0};
    CHECK(file_read(path, 100, &content, &error));
    CHECK_STRING(content.data, "hello");
    CHECK(!file_read(path, 4, &content, &error));
    CHECK_CONTAINS(error.text, "larger than 4 bytes");
    char digest[SECRET_SHA256_SIZE], again[SECRET_SHA256_SIZE];
    CHECK(secret_sha256_file(path, digest, NULL));
    secret_sha256("hello", 5, again);
    CHECK_STRING(digest, again);
    char *copy = alloc_printf("%s/copy", folder);
    CHECK(platform_copy_file(path, copy, 0400, NULL));
    CHECK(!platform_copy_file(path, copy, 0400, NULL)); /* never over an existing file */
    CHECK(file_remove_tree(folder, NULL));
    CHECK(!file_exists(folder));
    free(copy);
    free(path);
    free(parent);
    buffer_done(&content);
}

TEST(bytes_are_read_from_anywhere) {
    char path[] = "/tmp/pgsup-t.XXXXXX", bytes[8] = "";
    scoped(file_release) int file = mkstemp(path);
    unlink(path);
    CHECK(file_write_all(file, "0123456789", 10));
    CHECK_INT(file_read_at(file, bytes, 4, 3), 4);
    CHECK_STRING(bytes, "3456");
    CHECK_INT(file_read_at(file, bytes, 7, 8), 2);
    CHECK_STRING(bytes, "8956");
    CHECK_INT(file_read_at(file, bytes, 7, 10), 0);
    CHECK_INT(file_read_at(-1, bytes, 7, 0), -1);
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

TEST(time_is_written_as_rfc3339) {
    char text[CLOCK_RFC3339_SIZE];
    clock_rfc3339(1795442310809, text);
    CHECK_STRING(text, "2026-11-23T13:58:30.809Z");
    clock_rfc3339(-1, text);
    CHECK_STRING(text, "1969-12-31T23:59:59.999Z");
}

TEST(who_has_a_file_open_is_named) {
    char path[] = "/tmp/pgsup-users-XXXXXX", own[32];
    int fd = mkstemp(path);
    snprintf(own, sizeof own, "%ld (", (long)getpid());
    char *users = platform_file_users(path);
    CHECK(strncmp(users, own, strlen(own)) == 0);
    free(users);
    close(fd);
    users = platform_file_users(path);
    CHECK_STRING(users, "");
    free(users);
    unlink(path);
    users = platform_file_users(path);
    CHECK_STRING(users, "");
    free(users);
}

TEST(a_process_is_known_by_pid_and_start) {
    CHECK(platform_process_start(getpid()) != 0);
    CHECK_INT(platform_process_start(0x7ffffffe), 0);
    CHECK(platform_process_lives(getpid(), platform_process_start(getpid())));
    CHECK(platform_process_lives(getpid(), 0));
    CHECK(!platform_process_lives(getpid(), platform_process_start(getpid()) + 1));
    CHECK(!platform_process_lives(0x7ffffffe, 0));
}

/* What is left of a process until its parent has heard of the end is no process. */
TEST(a_zombie_lives_no_more) {
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    uint64_t start = platform_process_start(child);
    CHECK(start != 0 && platform_process_lives(child, start));
    siginfo_t end;
    kill(child, SIGKILL);
    CHECK(waitid(P_PID, (id_t)child, &end, WEXITED | WNOWAIT) == 0);
    CHECK(!platform_process_lives(child, start));
    CHECK_INT(platform_process_start(child), 0);
    waitpid(child, NULL, 0);
    CHECK(!platform_process_lives(child, start));
}

TEST(a_process_that_cannot_be_looked_at_is_not_taken_for_dead) {
    uint64_t start = platform_process_start(getpid());
    struct rlimit before, none;
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = before;
    none.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    bool lives = platform_process_lives(getpid(), start),
         nobody = platform_process_lives(0x7ffffffe, 1);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(lives);
    CHECK(!nobody);
}

TEST(a_low_limit_of_descriptors_is_raised) {
    struct rlimit before, after, low;
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &low);
    descriptors_raise();
    getrlimit(RLIMIT_NOFILE, &after);
    CHECK_INT(after.rlim_max, before.rlim_max);
    CHECK_INT(after.rlim_cur,
              before.rlim_max < DESCRIPTORS_WANTED ? before.rlim_max : DESCRIPTORS_WANTED);
    setrlimit(RLIMIT_NOFILE, &before);
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

TEST(a_pipe_in_the_place_of_a_file_blocks_nothing) {
    char folder[] = "/tmp/pgsup-t.XXXXXX";
    struct error error = {0};
    scoped(buffer_done) struct buffer text = {0};
    CHECK(mkdtemp(folder) != NULL);
    scoped(alloc_release) char *path = alloc_printf("%s/pipe", folder);
    CHECK(mkfifo(path, 0600) == 0);
    CHECK(!file_read(path, 100, &text, &error));
    CHECK(strstr(error.text, "is a pipe, not a file") != NULL);
    error = (struct error){0};
    CHECK(file_open_log(path, &error) < 0);
    CHECK(strstr(error.text, "is not a file") != NULL);
    unlink(path);
    rmdir(folder);
}

/* Ansible, for one, ends at once when its output is not. */
TEST(a_log_is_a_blocking_descriptor) {
    char path[] = "/tmp/pgsup-t.XXXXXX";
    struct error error = {0};
    scoped(file_release) int other = mkstemp(path);
    scoped(file_release) int log = file_open_log(path, &error);
    CHECK_STRING(error.text, "");
    CHECK(other >= 0);
    CHECK((fcntl(log, F_GETFL) & (O_NONBLOCK | O_APPEND)) == O_APPEND);
    unlink(path);
}

TEST(a_file_that_is_written_to_is_told) {
    char path[] = "/tmp/pgsup-watch-XXXXXX";
    int file = mkstemp(path), watch = file_watch_open(path);
    struct pollfd told = {.fd = watch, .events = POLLIN};
    if (watch < 0 && errno == EMFILE) { /* all that this user may have are in use elsewhere */
        close(file);
        unlink(path);
        return;
    }
    CHECK(watch >= 0);
    CHECK_INT(poll(&told, 1, 0), 0);
    CHECK(write(file, "x", 1) == 1);
    CHECK_INT(poll(&told, 1, 10000), 1);
    file_watch_clear(watch);
    CHECK_INT(poll(&told, 1, 0), 0);
    CHECK(pwrite(file, "y", 1, 0) == 1); /* in place, as the log of a store that begins anew */
    CHECK_INT(poll(&told, 1, 10000), 1);
    file_watch_close(watch);
    close(file);
    unlink(path);
    CHECK_INT(file_watch_open(path), -1);
}

int main(void) {
    return test_run();
}
