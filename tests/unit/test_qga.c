/* Conversations with a guest's agent: replays tests/transcripts/qga/ whole, byte by byte and in
 * random splits, and shows which addresses are taken.
 *
 *     > {"return": …}        a line from the guest; >. has escapes and no end of line;
 *                            >* 9000 TEXT is the same many times
 *     ! send NAME [JSON]     a command
 *     ! refused NAME         one that must not be taken
 *     < {"execute": …}       a line to the guest; <. has escapes
 *     = ready                an item, as note() below prints it */
#include "test.h"
#include "transcript.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "qmp/qga.h"
#include "qmp/qga_addresses.h"

#include <dirent.h>

#define FOLDER                 "transcripts/qga"
#define TRANSCRIPT_LIMIT_BYTES 65536
#define ID                     4711
#define RANDOM_SPLITS          20

struct replay {
    const char *name;
    unsigned split, random; /* 0: whole, 1: byte by byte, else the seed */
    struct qga *qga;
    struct buffer items, output, expected_items, expected_output;
};

static void note(struct replay *replay, const struct qga_item *item) {
    static const char *const words[] = {"ready", "return", "error", "end:"};
    buffer_puts(&replay->items, words[item->kind]);
    if (item->kind == QGA_ITEM_RETURN) {
        char *dump = json_dumps(item->value, JSON_COMPACT | JSON_ENSURE_ASCII);
        buffer_printf(&replay->items, " %s", dump);
        free(dump);
    } else if (item->kind != QGA_ITEM_READY) {
        buffer_printf(&replay->items, " %s", item->text);
    }
    buffer_putc(&replay->items, '\n');
}

static void pull(struct replay *replay) {
    struct qga_item item;
    while (qga_next(replay->qga, &item))
        note(replay, &item);
    struct buffer *output = qga_output(replay->qga);
    buffer_append(&replay->output, output->data, output->length);
    buffer_clear(output);
}

static size_t next_size(struct replay *replay, size_t left) {
    size_t size = replay->split == 0 ? left : 1;
    if (replay->split > 1) {
        replay->random = replay->random * 1103515245u + 12345u;
        size = 1 + (replay->random >> 16) % 97;
    }
    return size < left ? size : left;
}

/* Each piece is a copy of exactly its size, so that a read beyond it is seen by the sanitizer. */
static void feed(struct replay *replay, const struct buffer *bytes) {
    for (size_t at = 0, size; at < bytes->length; at += size) {
        size = next_size(replay, bytes->length - at);
        scoped(alloc_release) char *copy = alloc_slice(bytes->data + at, size);
        qga_feed(replay->qga, copy, size);
        pull(replay);
    }
}

static void send_command(struct replay *replay, const char *text) {
    char name[64];
    int end = 0;
    sscanf(text, "%63s%n", name, &end);
    CHECK(qga_send(replay->qga, name, json_loads(text + end, 0, NULL)));
    pull(replay);
}

static void play_line(struct replay *replay, const char *line) {
    scoped(buffer_done) struct buffer bytes = {0};
    char *unit = NULL;
    if (strncmp(line, ">* ", 3) == 0) {
        for (long count = strtol(line + 3, &unit, 10); count > 0; count--)
            transcript_unescape(&bytes, unit + 1);
    } else if (strncmp(line, ">. ", 3) == 0) {
        transcript_unescape(&bytes, line + 3);
    } else if (line[0] == '>') {
        buffer_printf(&bytes, "%s\n", line + 2);
    } else if (strncmp(line, "! send ", 7) == 0) {
        send_command(replay, line + 7);
    } else if (strncmp(line, "! refused ", 10) == 0) {
        CHECK(!qga_send(replay->qga, line + 10, json_object()));
    } else if (line[0] == '=') {
        buffer_printf(&replay->expected_items, "%s\n", line + 2);
    } else if (strncmp(line, "<. ", 3) == 0) {
        transcript_unescape(&replay->expected_output, line + 3);
        buffer_putc(&replay->expected_output, '\n');
    } else if (line[0] == '<') {
        buffer_printf(&replay->expected_output, "%s\n", line + 2);
    } else if (line[0] && line[0] != '#') {
        fprintf(stderr, "%s: what is \"%s\"?\n", replay->name, line);
        test_failures++;
    }
    feed(replay, &bytes);
}

static void compare(const struct replay *replay, const struct buffer *actual,
                    const struct buffer *expected) {
    if (actual->length == expected->length &&
        memcmp(actual->data, expected->data, actual->length) == 0)
        return;
    fprintf(stderr, "%s/%s (split %u) gives\n%.*s\nexpected\n%.*s\n", FOLDER, replay->name,
            replay->split, (int)actual->length, actual->data, (int)expected->length,
            expected->data);
    test_failures++;
}

static void play(const char *name, const struct buffer *transcript, unsigned split) {
    struct replay replay = {.name = name, .split = split, .random = split, .qga = qga_new(ID)};
    scoped(alloc_release) char *text = alloc_slice(transcript->data, transcript->length);
    pull(&replay);
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        play_line(&replay, line);
    }
    buffer_puts(&replay.items, ".");
    buffer_puts(&replay.expected_items, ".");
    compare(&replay, &replay.items, &replay.expected_items);
    compare(&replay, &replay.output, &replay.expected_output);
    qga_free(replay.qga);
    buffer_done(&replay.items);
    buffer_done(&replay.output);
    buffer_done(&replay.expected_items);
    buffer_done(&replay.expected_output);
}

TEST(transcripts) {
    DIR *folder = opendir(FOLDER);
    int count = 0;
    CHECK(folder != NULL);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (!strstr(entry->d_name, ".txt"))
            continue;
        scoped(buffer_done) struct buffer transcript = {0};
        scoped(alloc_release) char *path = alloc_printf("%s/%s", FOLDER, entry->d_name);
        struct error error = {0};
        CHECK(file_read(path, TRANSCRIPT_LIMIT_BYTES, &transcript, &error));
        for (unsigned split = 0; split < RANDOM_SPLITS; split++)
            play(entry->d_name, &transcript, split);
        count++;
    }
    if (folder)
        closedir(folder);
    CHECK(count >= 10);
}

/* --- which addresses are taken --- */

#define CARD(mac, addresses) "{\"hardware-address\": " mac ", \"ip-addresses\": " addresses "}"
#define MAC                  "\"52:54:00:ab:cd:ef\""
#define UPPER                "\"52:54:00:AB:CD:EF\""
#define OTHER                "\"52:54:00:ab:cd:ee\""
#define ADDRESS(text)        "{\"ip-address\": \"" text "\", \"prefix\": 24}"

static struct qga_addresses decode(const char *text) {
    struct qga_addresses addresses;
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    CHECK(value != NULL);
    qga_addresses_decode(value, "52:54:00:ab:cd:ef", &addresses);
    json_decref(value);
    return addresses;
}

TEST(those_of_the_card_alone) {
    struct qga_addresses found = decode("[" CARD(OTHER, "[" ADDRESS("10.0.0.1") "]") "," CARD(
        MAC, "[" ADDRESS("10.0.0.2") "," ADDRESS(
                 "10.0.0.3") "]") "," CARD(UPPER, "[" ADDRESS("10.0.0.4") "]") "]");
    CHECK_INT(found.count, 3);
    CHECK_STRING(qga_addresses_choose(&found, NULL), "10.0.0.2");
    CHECK_STRING(qga_addresses_choose(&found, "10.0.0.1"), "10.0.0.2");
    CHECK_STRING(qga_addresses_choose(&found, "10.0.0.4"), "10.0.0.4");
}

TEST(none_at_which_no_machine_can_be) {
    static const char *const refused[] = {
        "127.0.0.1",       "127.1.2.3",         "0.0.0.0",     "0.1.2.3",   "169.254.3.4",
        "224.0.0.1",       "239.1.1.1",         "240.0.0.1",   "10.0.0.0",  "10.0.0.255",
        "255.255.255.255", "fe80::1",           "::",          "10.0.0",    "10.0.0.1/24",
        "10.0.0.256",      "10.0.0.1\\u001b[m", "10.0.0.1\\n", " 10.0.0.1", "",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        scoped(alloc_release) char *text = alloc_printf(
            "[" CARD(MAC, "[{\"ip-address\": \"%s\", \"prefix\": 24}]") "]", refused[i]);
        struct qga_addresses found = decode(text);
        if (found.count)
            fprintf(stderr, "%s is taken\n", refused[i]);
        CHECK_INT(found.count, 0);
        CHECK(qga_addresses_choose(&found, "10.0.0.1") == NULL);
    }
}

TEST(prefixes_that_say_nothing) {
    static const char *const prefixes[] = {"31", "32", "0", "-1", "99999999999", "\"24\"", "null"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        scoped(alloc_release) char *text = alloc_printf(
            "[" CARD(MAC, "[{\"ip-address\": \"10.0.0.0\", \"prefix\": %s}]") "]", prefixes[i]);
        CHECK_INT(decode(text).count, 1);
    }
}

TEST(values_of_any_shape) {
    static const char *const values[] = {
        "null",
        "{}",
        "[]",
        "[null, 1, [], \"x\", {}]",
        "[" CARD("1", "[]") "]",
        "[" CARD(MAC, "null") "]",
        "[" CARD(MAC, "{\"ip-address\": \"10.0.0.1\"}") "]",
        "[" CARD(MAC, "[null, 1, [], {\"ip-address\": 1}]") "]",
        "[" CARD("null", "[" ADDRESS("10.0.0.1") "]") "]",
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        CHECK_INT(decode(values[i]).count, 0);
}

TEST(more_than_the_limit_are_left_out) {
    struct buffer text = {0};
    buffer_puts(&text, "[{\"hardware-address\": " MAC ", \"ip-addresses\": [");
    for (int i = 1; i < 100; i++)
        buffer_printf(&text, "%s{\"ip-address\": \"10.0.0.%d\"}", i > 1 ? ", " : "", i);
    buffer_puts(&text, "]}]");
    CHECK_INT(decode(text.data).count, QGA_ADDRESSES_MAX);
    buffer_done(&text);
}

int main(void) {
    return test_run();
}
