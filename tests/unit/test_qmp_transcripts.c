/* Replays tests/transcripts/qmp/ against one session: whole, byte by byte, in random splits.
 *
 *     # why                           a remark
 *     > {"QMP": …}                    a line from QEMU, as it stands; CR LF is added
 *     >. {"retu\r\n\x01               bytes from QEMU with escapes, no line end
 *     >* 9000 a                       the same byte many times
 *     ! send NAME [JSON]              a command
 *     ! send-within MS NAME [JSON]    a command with a limit of its own
 *     ! ask-ahead NAME                a question that does not wait for qmp_capabilities
 *     ! refused NAME                  a command that must not be taken any more
 *     ! tick MS                       the time, from 0
 *     ! eof REASON
 *     < {"execute":…}                 a line to QEMU
 *     = ready                         an item, as note_item() below prints it
 *     . ready 5000                    state and next deadline ("-": none) now
 *
 * A ">" or "!" after "<", "=" or "." begins a new block. After each block the items pulled and the
 * bytes written must be those of the transcript so far. */
#include "test.h"
#include "transcript.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "qmp/session.h"

#include <dirent.h>

#define FOLDER                 "transcripts/qmp"
#define TRANSCRIPT_LIMIT_BYTES 65536
#define GREETING_TIMEOUT_MS    10000
#define RANDOM_SPLITS          60
#define FIRST_SEED             20260u
#define SENT_LIMIT             64
#define LARGE_BLOCK_BYTES      (1u << 20) /* cut into larger pieces, less often: they take time */
#define LARGE_RANDOM_SPLITS    4
#define DOUBLE_DIGITS          17 /* so many tell every double from its neighbours */

enum split { SPLIT_NONE, SPLIT_BYTES, SPLIT_RANDOM };

struct sent {
    uint64_t id;
    char name[64];
    bool completed;
};

struct replay {
    const char *name;
    enum split split;
    unsigned seed, random;
    struct qmp_session *session;
    struct sent sent[SENT_LIMIT]; /* a command's context is its place here */
    size_t sent_count;
    uint64_t now_ms;
    struct buffer input, output, expected_output, items, expected_items;
    int line;
    bool failed, told_end, large;
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

/* --- what the session hands out, in words --- */

static void note_json(struct buffer *text, const json_t *value) {
    char *dump = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY |
                                       JSON_REAL_PRECISION(DOUBLE_DIGITS));
    buffer_printf(text, " %s", dump ? dump : "-");
    free(dump);
}

static void note_reply(struct replay *replay, const struct qmp_item *item) {
    static const char *const names[] = {"return", "error", "timeout", "lost"};
    struct sent *sent = item->context;
    if (sent < replay->sent || sent >= replay->sent + replay->sent_count || sent->completed ||
        sent->id != item->id || strcmp(sent->name, item->command) != 0)
        fail(replay, "the command that completes", item->command, "one that is under way");
    else
        sent->completed = true;
    buffer_printf(&replay->items, "%s %s", names[item->status], item->command);
    if (item->status == QMP_STATUS_RETURN)
        note_json(&replay->items, item->value);
    else if (item->status == QMP_STATUS_ERROR)
        buffer_printf(&replay->items, " %s: %s", item->error_class ? item->error_class : "-",
                      item->text);
    else
        buffer_printf(&replay->items, ": %s", item->text);
}

static void note_item(struct replay *replay, const struct qmp_item *item) {
    if (replay->told_end)
        fail(replay, "an item after the end", item->text, NULL);
    switch (item->kind) {
    case QMP_ITEM_READY: buffer_puts(&replay->items, "ready"); break;
    case QMP_ITEM_REPLY: note_reply(replay, item); break;
    case QMP_ITEM_EVENT:
        buffer_printf(&replay->items, "event %s", item->name);
        if (item->value)
            note_json(&replay->items, item->value);
        break;
    case QMP_ITEM_LOST:
        replay->told_end = true;
        buffer_printf(&replay->items, "end: %s", item->text);
        break;
    }
    buffer_putc(&replay->items, '\n');
}

static void pull(struct replay *replay) {
    struct qmp_item item;
    while (session_next(replay->session, &item))
        note_item(replay, &item);
    struct buffer *output = session_output(replay->session);
    buffer_append(&replay->output, output->data, output->length);
    buffer_clear(output);
}

/* --- blocks --- */

static size_t next_size(struct replay *replay, size_t left) {
    bool large = replay->input.length > LARGE_BLOCK_BYTES;
    size_t unit = large ? 65536 : 1;
    replay->large |= large;
    if (replay->split == SPLIT_NONE)
        return left;
    size_t size = unit;
    if (replay->split == SPLIT_RANDOM) {
        replay->random = replay->random * 1103515245u + 12345u;
        size = unit * (1 + (replay->random >> 16) % 97);
    }
    return size < left ? size : left;
}

static void feed(struct replay *replay, const char *data, size_t length) {
    /* a copy of exactly this size, so that a read beyond it is seen by the sanitizer */
    scoped(alloc_release) char *copy = alloc_zero(length);
    memcpy(copy, data, length);
    session_feed(replay->session, copy, length);
    pull(replay);
}

static void feed_input(struct replay *replay) {
    pull(replay);
    for (size_t at = 0, size; at < replay->input.length; at += size) {
        size = next_size(replay, replay->input.length - at);
        feed(replay, replay->input.data + at, size);
    }
    buffer_clear(&replay->input);
}

static void compare(struct replay *replay, const char *what, struct buffer *actual,
                    struct buffer *expected) {
    const char *a = actual->length ? actual->data : "", *e = expected->length ? expected->data : "";
    if (actual->length != expected->length || strcmp(a, e) != 0)
        fail(replay, what, a, e);
    buffer_clear(actual);
    buffer_clear(expected);
}

static void end_block(struct replay *replay) {
    feed_input(replay);
    compare(replay, "what was handed out", &replay->items, &replay->expected_items);
    compare(replay, "what was written", &replay->output, &replay->expected_output);
}

/* --- the lines of a transcript --- */

static struct sent *sent_new(struct replay *replay) {
    if (replay->sent_count == SENT_LIMIT)
        exit(2);
    return &replay->sent[replay->sent_count++];
}

static void ask_ahead(struct replay *replay, const char *name) {
    struct sent *sent = sent_new(replay);
    snprintf(sent->name, sizeof sent->name, "%s", name);
    sent->id = session_ask_ahead(replay->session, name, sent, replay->now_ms);
    if (sent->id == 0)
        fail(replay, "the id", "0", "one");
}

static void send_command(struct replay *replay, const char *rest, bool within) {
    unsigned long limit_ms = 0;
    int at = 0;
    if (within && sscanf(rest, "%lu %n", &limit_ms, &at) != 1)
        fail(replay, "the limit", rest, "MS NAME");
    struct sent *sent = sent_new(replay);
    int end = 0;
    sscanf(rest + at, "%63s%n", sent->name, &end);
    json_t *arguments = json_loads(rest + at + end, 0, NULL);
    sent->id = within ? session_send_within(replay->session,
                                            &(struct qmp_request){sent->name, arguments, sent},
                                            replay->now_ms, limit_ms)
                      : session_send(replay->session, sent->name, arguments, sent, replay->now_ms);
    if (sent->id == 0)
        fail(replay, "the id", "0", "one");
}

static void act(struct replay *replay, const char *text) {
    feed_input(replay);
    const char *rest = strchr(text, ' ');
    rest = rest ? rest + 1 : "";
    if (strncmp(text, "send ", 5) == 0)
        send_command(replay, rest, false);
    else if (strncmp(text, "send-within ", 12) == 0)
        send_command(replay, rest, true);
    else if (strncmp(text, "ask-ahead ", 10) == 0)
        ask_ahead(replay, rest);
    else if (strncmp(text, "refused ", 8) == 0)
        CHECK_INT(session_send(replay->session, rest, NULL, replay, replay->now_ms), 0);
    else if (strncmp(text, "tick ", 5) == 0)
        session_tick(replay->session, replay->now_ms = strtoull(rest, NULL, 10));
    else if (strncmp(text, "eof ", 4) == 0)
        session_eof(replay->session, rest);
    else
        fail(replay, "the action", text, "one that the head of the test lists");
    pull(replay);
}

static void check_state(struct replay *replay, const char *expected) {
    end_block(replay);
    static const char *const names[] = {"greeting", "capabilities", "ready", "lost"};
    uint64_t deadline_ms = session_deadline_ms(replay->session);
    scoped(buffer_done) struct buffer actual = {0};
    buffer_printf(&actual, "%s ", names[session_state(replay->session)]);
    if (deadline_ms == QMP_NO_DEADLINE)
        buffer_puts(&actual, "-");
    else
        buffer_printf(&actual, "%llu", (unsigned long long)deadline_ms);
    if (strcmp(actual.data, expected) != 0)
        fail(replay, "the state", actual.data, expected);
}

static void repeat(struct buffer *bytes, const char *text) {
    char *end;
    for (long count = strtol(text, &end, 10); count > 0; count--)
        buffer_putc(bytes, end[1]);
}

/* Returns whether the block may still take input. */
static bool play_line(struct replay *replay, const char *line, bool open) {
    const char *rest = line + (line[0] && line[1] == ' ' ? 2 : strlen(line));
    if (line[0] == 0 || line[0] == '#')
        return open;
    if ((line[0] == '>' || line[0] == '!') && !open)
        end_block(replay);
    if (strncmp(line, ">* ", 3) == 0)
        repeat(&replay->input, line + 3);
    else if (strncmp(line, ">. ", 3) == 0)
        transcript_unescape(&replay->input, line + 3);
    else if (line[0] == '>')
        buffer_printf(&replay->input, "%s\r\n", rest);
    else if (line[0] == '!')
        act(replay, rest);
    else if (line[0] == '=')
        buffer_printf(&replay->expected_items, "%s\n", rest);
    else if (line[0] == '<')
        buffer_printf(&replay->expected_output, "%s\n", rest);
    else if (line[0] == '.')
        check_state(replay, rest);
    else
        fail(replay, "the line", line, "one of # > >. >* ! = < .");
    return line[0] == '>' || line[0] == '!';
}

static void check_completed(struct replay *replay) {
    for (size_t i = 0; i < replay->sent_count; i++)
        if (replay->told_end && !replay->sent[i].completed)
            fail(replay, "never completed", replay->sent[i].name, NULL);
}

/* Returns whether it was a large one. */
static bool play(const char *name, char *text, enum split split, unsigned seed) {
    struct replay replay = {.name = name, .split = split, .seed = seed, .random = seed};
    replay.session = session_new(0, GREETING_TIMEOUT_MS);
    bool open = true;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        replay.line++;
        open = play_line(&replay, line, open);
    }
    end_block(&replay);
    check_completed(&replay);
    session_free(replay.session);
    buffer_done(&replay.input);
    buffer_done(&replay.output);
    buffer_done(&replay.expected_output);
    buffer_done(&replay.items);
    buffer_done(&replay.expected_items);
    return replay.large;
}

static void play_all_splits(const char *name, const struct buffer *transcript) {
    int before = test_failures; /* one split that fails says enough */
    unsigned splits = RANDOM_SPLITS + 2;
    for (unsigned i = 0; i < splits && test_failures == before; i++) {
        scoped(alloc_release) char *text = alloc_slice(transcript->data, transcript->length);
        enum split split = i == 0 ? SPLIT_NONE : i == 1 ? SPLIT_BYTES : SPLIT_RANDOM;
        if (play(name, text, split, FIRST_SEED + i))
            splits = LARGE_RANDOM_SPLITS + 2;
    }
}

TEST(transcripts) {
    DIR *folder = opendir(FOLDER);
    int count = 0;
    CHECK(folder != NULL);
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
    printf("%d transcripts, %d random splits each from seed %u\n", count, RANDOM_SPLITS,
           FIRST_SEED);
    CHECK(count > 0);
}

int main(void) {
    return test_run();
}
