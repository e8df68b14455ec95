/* Text of guests made fit for a line, lines that are redrawn, and rows of progress. */
#include "base/alloc.h"
#include "cli/output/progress_row.h"
#include "cli/terminal/console_keys.h"
#include "cli/terminal/console_text.h"
#include "cli/terminal/line_editor.h"
#include "cli/terminal/live_lines.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *text, *prefix, *expected;
} last_lines[] = {
    {"", "", ""},
    {"\n\r\n  \n", "", ""},
    {"one\r\ntwo\r\n", "", "two"},
    {"one\ntwo", "", "two"},
    {"\033[0;32m  OK  \033[0m] Reached \033[0;1;39mnetwork.target\033[0m - Network.\r\r\n", "",
     "OK  ] Reached network.target - Network."},
    {"\033]0;title\a$ ", "", "$"},
    {"\033]0;title\033\\name", "", "name"},
    {"\033P1$r0m\033\\x", "", "x"},
    {"\033(B\033[m login: ", "", "login:"},
    {"10%\r20%\r30%", "", "30%"},
    {"abc\b\bx", "", "ax"},
    {"a\tb\001\x7F", "", "a b"},
    {"one\n\033[2J\033[H\n", "", "one"},
    {"cut off \033[3", "", "cut off"},
    {"cut off \033]0;", "", "cut off"},
    {"bad \xFF byte\n", "", "bad \\xFF byte"},
    {"TASK [ping] ****\nok: [test]\n", "TASK [", "TASK [ping] ****"},
    {"ok: [test]\n", "TASK [", ""},
};

TEST(last_lines_of_consoles) {
    for (size_t i = 0; i < sizeof last_lines / sizeof *last_lines; i++) {
        scoped(alloc_release) char *line = console_text_last_line(
            last_lines[i].text, strlen(last_lines[i].text), last_lines[i].prefix);
        CHECK_STRING(line, last_lines[i].expected);
    }
    scoped(alloc_release) char *absent = console_text_last_line_of("/nonexistent", "");
    CHECK_STRING(absent, "");
}

/* Whatever comes: no escape, no control byte. */
TEST(random_bytes_are_stripped) {
    unsigned seed = 4711;
    for (int round = 0; round < 20000; round++) {
        char text[24];
        for (size_t i = 0; i < sizeof text; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] = "\033[]P;m\a\\\n\r\b a1\x9b(?"[(seed >> 16) % 18];
        }
        size_t length = console_text_strip(text, sizeof text);
        CHECK(length <= sizeof text);
        CHECK(!memchr(text, '\033', length) && !memchr(text, '\r', length));
    }
}

static char *drawn(struct live_lines *lines, const char *const *texts) {
    char *shown = NULL;
    size_t size = 0;
    struct strv list = {0};
    for (; *texts; texts++)
        strv_push(&list, *texts);
    lines->file = tmpfile();
    live_lines_draw(lines, &list);
    size = (size_t)ftell(lines->file);
    shown = alloc_zero(size + 1);
    rewind(lines->file);
    CHECK(fread(shown, 1, size, lines->file) == size);
    fclose(lines->file);
    strv_done(&list);
    return shown;
}

TEST(lines_are_drawn_in_place) {
    struct live_lines lines = {0};
    const char *two[] = {"one", "two", NULL}, *one[] = {"one", NULL};
    scoped(alloc_release) char *first = drawn(&lines, two);
    CHECK_STRING(first, "\033[?7lone\n\rtwo\r\033[?7h");
    scoped(alloc_release) char *second = drawn(&lines, one);
    CHECK_STRING(second, "\033[1A\r\033[J\033[?7lone\r\033[?7h");
    char wide[300];
    memset(wide, 'x', sizeof wide);
    wide[299] = '\0';
    const char *cut[] = {wide, NULL};
    scoped(alloc_release) char *third = drawn(&lines, cut);
    CHECK(strlen(third) == strlen("\r\033[J\033[?7l\r\033[?7h") + 79);
    const char *many[41] = {0};
    for (int i = 0; i < 40; i++)
        many[i] = "row";
    scoped(alloc_release) char *fourth = drawn(&lines, many);
    CHECK(strstr(fourth, "… and 18 more") && lines.drawn == 23);
}

/* One that wraps, or that leaves the cursor at its end, where what is typed moves it down, could
 * not be drawn again in its place. */
TEST(one_line_is_drawn_in_place) {
    char wide[300], shown[400] = "";
    FILE *file = tmpfile();
    memset(wide, 'x', sizeof wide);
    wide[299] = '\0';
    live_lines_draw_one(file, wide);
    live_lines_draw_one(file, "");
    rewind(file);
    size_t length = fread(shown, 1, sizeof shown - 1, file);
    fclose(file);
    CHECK(length == 2 * strlen("\r\033[K\033[?7l\r\033[?7h") + 79);
    CHECK_CONTAINS(shown, "x\r\033[?7h\r\033[K\033[?7l\r\033[?7h");
}

static void check_row(const char *json, const char *phase, int64_t elapsed_ms) {
    json_t *vm = json_loads(json, 0, NULL);
    CHECK(vm != NULL);
    CHECK_STRING(progress_row_phase(vm), phase);
    CHECK(progress_row_elapsed_ms(vm, 100000) == elapsed_ms);
    json_decref(vm);
}

TEST(rows_of_progress) {
    check_row("{}", "unknown", 100000);
    check_row("{\"state\": \"starting\", \"since_ms\": 99000, \"phases\": {}}", "starting", 1000);
    check_row("{\"state\": \"booting\", \"since_ms\": 90000, \"phases\": {\"launched\": 80000}}",
              "booting", 20000);
    check_row(
        "{\"state\": \"booting\", \"since_ms\": 1, \"phases\": {\"launched\": 1, \"firmware\": 2}}",
        "firmware", 99999);
    check_row(
        "{\"state\": \"booting\", \"since_ms\": 1, \"phases\": {\"firmware\": 1, \"kernel\": 2}}",
        "kernel", 99999);
    check_row("{\"state\": \"booting\", \"since_ms\": 200000, \"boot_stage\": \"init\"}",
              "cloud-init", 0);
    check_row("{\"state\": \"stopping\", \"since_ms\": 100000}", "stopping", 0);
    const struct progress_row row = {"test", "kernel", "systemd[1]: Reached", 42000, 6};
    scoped(alloc_release) char *text = progress_row_text(&row);
    CHECK_STRING(text, "test    kernel 0:42  systemd[1]: Reached");
    const struct progress_row long_row = {"test", "ready", "", 3723000, 0};
    scoped(alloc_release) char *longer = progress_row_text(&long_row);
    CHECK_STRING(longer, "test  ready 1:02:03");
}

/* Typed keys, what the guest gets, the action they end with and the bytes that were not taken. */
static const struct {
    const char *keys, *typed;
    enum console_action action;
    size_t left;
} key_cases[] = {
    {"ls\r", "ls\r", CONSOLE_ACTION_NONE, 0},
    {"a\x1D"
     "b",
     "a", CONSOLE_ACTION_LEAVE, 1},
    {"\x01"
     "cq",
     "", CONSOLE_ACTION_MONITOR, 1},
    {"x\x01\x01"
     "c",
     "x\x01"
     "c",
     CONSOLE_ACTION_NONE, 0},
    {"\x01"
     "e",
     "\x01"
     "e",
     CONSOLE_ACTION_NONE, 0},
    {"\x01\x1D", "\x01", CONSOLE_ACTION_LEAVE, 0},
    {"\x01", "", CONSOLE_ACTION_NONE, 0},
};

TEST(keys_of_a_console) {
    for (size_t i = 0; i < sizeof key_cases / sizeof *key_cases; i++) {
        struct console_keys keys = {0};
        struct buffer typed = {0};
        size_t length = strlen(key_cases[i].keys);
        CHECK_INT(console_keys_feed(&keys, key_cases[i].keys, &length, &typed),
                  key_cases[i].action);
        CHECK_STRING(typed.data ? typed.data : "", key_cases[i].typed);
        CHECK_INT(strlen(key_cases[i].keys) - length, key_cases[i].left);
        buffer_done(&typed);
    }
}

TEST(replayed_output_asks_nothing) {
    static const char *const cases[][2] = {
        {"plain \033[31mred\033[0m\n", "plain \033[31mred\033[0m\n"},
        {"a\033[6nb\033[cc\033[>0cd\033[18te", "abcde"},
        {"\033]11;?\a>", ">"},
        {"\033P$qm\033\\>", ">"},
        {"\033[?1$p\033Z.", "."},
        {"\033[2J\033[H$ ", "\033[2J\033[H$ "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scoped(alloc_release) char *text = alloc_string(cases[i][0]);
        text[console_text_replayed(text, strlen(text))] = '\0';
        CHECK_STRING(text, cases[i][1]);
    }
}

/* Keys, and the line that they make; "|": entered. */
static const char *const edited[][2] = {
    {"info status\r", "info status"},
    {"abc\177\177x\r", "ax"},
    {"abc\033[D\033[DX\r", "aXbc"},
    {"abc\033[HX\033[FY\r", "XabcY"},
    {"abc\033[D\033[3~\r", "ab"},
    {"one two\027three\r", "one three"},
    {"gone\025kept\r", "kept"},
    {"inf\t\r", "info "},
    {"s\tx\r", "sx"},
    {"sto\t\r", "stop "},
    {"stop x\t\r", "stop x"},
    {"ab\033ODc\033[1;5Cd\r", "acbd"},
};

TEST(lines_are_edited) {
    for (size_t i = 0; i < sizeof edited / sizeof *edited; i++) {
        struct line_editor editor = {.prompt = "> "};
        struct buffer shown = {0};
        enum line_event event = LINE_NOTHING;
        strv_push(&editor.words, "info");
        strv_push(&editor.words, "stop");
        strv_push(&editor.words, "savevm");
        for (const char *key = edited[i][0]; *key; key++)
            event = line_editor_feed(&editor, *key, &shown);
        CHECK_INT(event, LINE_ENTERED);
        CHECK_STRING(line_editor_text(&editor), edited[i][1]);
        buffer_done(&shown);
        line_editor_done(&editor);
    }
}

TEST(history_of_lines) {
    struct line_editor editor = {.prompt = ""};
    struct buffer shown = {0};
    const char *keys = "one\rtwo\rtwo\r";
    for (; *keys; keys++)
        if (line_editor_feed(&editor, *keys, &shown) == LINE_ENTERED)
            line_editor_next(&editor, &shown);
    CHECK_INT(editor.history.count, 2);
    for (keys = "\033[A\033[A\033[A"; *keys; keys++)
        line_editor_feed(&editor, *keys, &shown);
    CHECK_STRING(line_editor_text(&editor), "one");
    for (keys = "\033[B\033[B\033[B"; *keys; keys++)
        line_editor_feed(&editor, *keys, &shown);
    CHECK_STRING(line_editor_text(&editor), "");
    CHECK_INT(line_editor_feed(&editor, 4, &shown), LINE_EOF);
    line_editor_feed(&editor, 1, &shown);
    CHECK_INT(line_editor_feed(&editor, 'c', &shown), LINE_EOF);
    buffer_done(&shown);
    line_editor_done(&editor);
}

int main(void) {
    return test_run();
}
