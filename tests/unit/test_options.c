#include "base/buffer.h"
#include "base/natural.h"
#include "base/nearest.h"
#include "cli/options.h"
#include "cli/output/columns.h"
#include "cli/output/event_words.h"
#include "cli/output/info_output.h"
#include "cli/output/progress_bar.h"
#include "machine/core/lifecycle.h"
#include "test.h"

static const struct option_spec specs[] = {
    {"name", 'n', "NAME", .help = "a name"},
    {"size", 's', "SIZE", .help = "a size", .fallback = "5G"},
    {"force", 'f', .help = "a flag"},
    {"all", 'a', .help = "another flag"},
    {"host-if", 0, "INTERFACE", .help = "no letter"},
    {"secret", 0, .help = "hidden", .hidden = true},
    {"user", 'u', "USER", .help = "a user", .many = true},
    OPTIONS_END,
};

#define WORDS_MAX 10

/* What was parsed in one line: "name=x size=- force=- all=- host-if=- | argument argument", or the
 * error's sentence. */
struct parse_case {
    const char *words[WORDS_MAX];
    size_t free_arguments;
    const char *expected;
};

static void describe(const struct options *parsed, char *text, size_t size) {
    size_t length = 0;
    for (size_t i = 0; specs[i].name; i++)
        if (parsed->values[i])
            length += (size_t)snprintf(text + length, size - length, "%s=%s ", specs[i].name,
                                       parsed->values[i]);
    length += (size_t)snprintf(text + length, size - length, "|");
    for (size_t i = 0; i < parsed->argument_count; i++)
        length += (size_t)snprintf(text + length, size - length, " %s", parsed->arguments[i]);
    if (parsed->help)
        snprintf(text + length, size - length, " help");
}

static void parse(const struct parse_case *row, char *text, size_t size) {
    struct options parsed;
    struct error error = {0};
    if (options_parse(specs, (char **)row->words, row->free_arguments, &parsed, &error)) {
        describe(&parsed, text, size);
        options_done(&parsed);
    } else {
        CHECK_INT(error.code, ERROR_USAGE);
        snprintf(text, size, "%s", error.text);
    }
}

static const struct parse_case cases[] = {
    {{NULL}, OPTIONS_ANYWHERE, "|"},
    {{"--name", "x"}, OPTIONS_ANYWHERE, "name=x |"},
    {{"--name=x"}, OPTIONS_ANYWHERE, "name=x |"},
    {{"--name="}, OPTIONS_ANYWHERE, "name= |"},
    {{"--name=a=b"}, OPTIONS_ANYWHERE, "name=a=b |"},
    {{"-n", "x"}, OPTIONS_ANYWHERE, "name=x |"},
    {{"-nx"}, OPTIONS_ANYWHERE, "name=x |"},
    {{"-n=x"}, OPTIONS_ANYWHERE, "name==x |"},
    {{"-fa"}, OPTIONS_ANYWHERE, "force= all= |"},
    {{"-fan", "x"}, OPTIONS_ANYWHERE, "name=x force= all= |"},
    {{"-fanx"}, OPTIONS_ANYWHERE, "name=x force= all= |"},
    {{"-n", "-f"}, OPTIONS_ANYWHERE, "name=-f |"},
    {{"--name", "--"}, OPTIONS_ANYWHERE, "name=-- |"},
    {{"--name", "a", "--name", "b"}, OPTIONS_ANYWHERE, "name=b |"},
    {{"one", "-f", "two", "--size", "1G", "three"},
     OPTIONS_ANYWHERE,
     "size=1G force= | one two three"},
    {{"one", "--", "-f", "--", "two"}, OPTIONS_ANYWHERE, "| one -f -- two"},
    {{"-", "-f"}, OPTIONS_ANYWHERE, "force= | -"},
    {{""}, OPTIONS_ANYWHERE, "| "},
    {{"--secret"}, OPTIONS_ANYWHERE, "secret= |"},
    {{"-f", "--help", "--wrong"}, OPTIONS_ANYWHERE, "force= | help"},
    {{"-fh", "x"}, OPTIONS_ANYWHERE, "force= | help"},
    /* what follows the free arguments is verbatim */
    {{"-f", "guest", "--", "ls", "-l", "--", "x"}, 1, "force= | guest ls -l -- x"},
    {{"guest", "ls", "-l", "--", "x"}, 1, "| guest ls -l -- x"},
    {{"-n", "x", "command", "-f"}, 0, "name=x | command -f"},
    {{"-f", "--", "-x"}, 0, "force= | -x"},
    /* sentences */
    {{"--name"}, OPTIONS_ANYWHERE, "option \"--name\" needs a value (NAME)"},
    {{"-fn"}, OPTIONS_ANYWHERE, "option \"--name\" needs a value (NAME)"},
    {{"--force=yes"}, OPTIONS_ANYWHERE, "option \"--force\" takes no value"},
    {{"--nmae", "x"}, OPTIONS_ANYWHERE, "unknown option \"--nmae\": did you mean \"--name\"?"},
    {{"--host_if=vlan1"},
     OPTIONS_ANYWHERE,
     "unknown option \"--host_if\": did you mean \"--host-if\"?"},
    {{"--sekret"}, OPTIONS_ANYWHERE, "unknown option \"--sekret\""},
    {{"--=x"}, OPTIONS_ANYWHERE, "unknown option \"--\""},
    {{"-fx"}, OPTIONS_ANYWHERE, "unknown option \"-x\""},
};

TEST(parses_as_the_table_says) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        parse(&cases[i], text, sizeof text);
        CHECK_STRING(text, cases[i].expected);
    }
}

TEST(value_is_null_when_not_given) {
    struct options parsed;
    struct error error = {0};
    char *words[] = {(char *)"-f", NULL};
    CHECK(options_parse(specs, words, OPTIONS_ANYWHERE, &parsed, &error));
    CHECK_STRING(options_value(&parsed, "size"), NULL);
    CHECK_STRING(options_value(&parsed, "force"), "");
    options_done(&parsed);
}

TEST(all_values_of_a_repeated_option_are_kept_in_order) {
    struct options parsed;
    struct error error = {0};
    const char *words[] = {"--user", "one", "-utwo", "--user=three", "-n", "x", "-u", "", NULL};
    CHECK(options_parse(specs, (char **)words, OPTIONS_ANYWHERE, &parsed, &error));
    char *const *values = options_values(&parsed, "user");
    CHECK_STRING(values[0], "one");
    CHECK_STRING(values[1], "two");
    CHECK_STRING(values[2], "three");
    CHECK_STRING(values[3], "");
    CHECK_STRING(values[4], NULL);
    CHECK_STRING(options_value(&parsed, "user"), "");
    options_done(&parsed);
}

TEST(a_repeated_option_that_is_not_given_has_no_values) {
    struct options parsed;
    struct error error = {0};
    char *words[] = {NULL};
    CHECK(options_parse(specs, words, OPTIONS_ANYWHERE, &parsed, &error));
    CHECK_STRING(options_values(&parsed, "user")[0], NULL);
    options_done(&parsed);
}

TEST(distance_counts_edits) {
    static const struct {
        const char *a, *b;
        unsigned distance;
    } rows[] = {
        {"", "", 0},          {"start", "start", 0},  {"strat", "start", 1},
        {"stat", "start", 1}, {"startt", "start", 1}, {"stop", "start", 3},
        {"", "list", 4},      {"abc", "xyz", 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(nearest_distance(rows[i].a, strlen(rows[i].a), rows[i].b, strlen(rows[i].b)),
                  rows[i].distance);
}

/* Those of the program, wherever they stand among a command's words. */
TEST(global_options_are_known_anywhere) {
    static const struct option_spec globals[] = {
        {"path", 'p', "PATH", .help = "the home"}, {"quiet", 'q', .help = "less"}, OPTIONS_END};
    const char *none[] = {NULL}, *words[] = {"one", "-qp", "/tmp/x", "-f", "two", NULL};
    struct options global, parsed;
    struct error error = {0};
    CHECK(options_parse(globals, (char **)none, 0, &global, &error));
    const struct options_rules rules = {
        .specs = specs, .free_arguments = OPTIONS_ANYWHERE, .globals = &global};
    CHECK(options_parse_rules(&rules, (char **)words, &parsed, &error));
    CHECK_STRING(options_value(&global, "path"), "/tmp/x");
    CHECK_STRING(options_value(&global, "quiet"), "");
    CHECK_STRING(options_value(&parsed, "force"), "");
    CHECK_INT(parsed.argument_count, 2);
    options_done(&parsed);
    const char *wrong[] = {"--paht", "x", NULL};
    CHECK(!options_parse_rules(&rules, (char **)wrong, &parsed, &error));
    CHECK_CONTAINS(error.text, "did you mean \"--path\"?");
    options_done(&global);
}

static const char *nearest_of(const char *typed) {
    static const char *const candidates[] = {"start", "stop", "list", "instance", "ls"};
    struct nearest nearest;
    nearest_init(&nearest, typed, strlen(typed));
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        nearest_offer(&nearest, candidates[i]);
    return nearest.best;
}

TEST(nearest_is_near_or_nothing) {
    CHECK_STRING(nearest_of("strat"), "start");
    CHECK_STRING(nearest_of("stpo"), "stop");
    CHECK_STRING(nearest_of("instanec"), "instance");
    CHECK_STRING(nearest_of("lst"), "list");
    CHECK_STRING(nearest_of("frobnicate"), NULL);
    CHECK_STRING(nearest_of("a-word-so-long-that-it-is-not-compared-with-any-candidate"), NULL);
}

TEST(columns_are_as_wide_as_their_widest_cell) {
    static const char *const headings[] = {"NAME", "STATE", NULL};
    struct columns columns;
    char *printed = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&printed, &size);
    columns_init(&columns, headings);
    columns_add(&columns, "a-long-name");
    columns_add(&columns, "");
    columns_add(&columns, "\xC3\xBC"); /* one character of two bytes */
    columns_add(&columns, "7");
    columns_print(&columns, file);
    columns_done(&columns);
    fclose(file);
    CHECK_STRING(printed, "NAME         STATE\n"
                          "a-long-name  -\n"
                          "\xC3\xBC            7\n");
    free(printed);
}

/* As a terminal of that width shows the list. */
static char *list_in(size_t width) {
    static const char *const headings[] = {"NAME", "VCPU", "IMAGE", "REASON", NULL};
    static const char *const cells[] = {"node2", "2", "a-rather-long-image",         "-", "node10",
                                        "16",    "x", "the disk of the host is full"};
    struct columns columns;
    char *printed = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&printed, &size);
    columns_init(&columns, headings);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        columns_add(&columns, cells[i]);
    columns.width = width;
    columns.leave_out[1] = 2;
    columns.leave_out[2] = 1;
    columns.may_cut[2] = columns.may_cut[3] = true;
    columns_print(&columns, file);
    columns_done(&columns);
    fclose(file);
    return printed;
}

TEST(columns_fit_a_terminal) {
    static const struct {
        size_t width;
        const char *expected;
    } rows[] = {
        {0, "node10  16    x                    the disk of the host is full\n"},
        {60, "node2   2     a-rather-long-i\u2026  -\n"},
        {50, "node10  16    x         the disk of the host is f\u2026\n"},
        {40, "node10  the disk of the host is full\n"},
        {30, "node10  the disk of the host \u2026\n"},
        {14, "node10  the d\u2026\n"},
        {9, "node10  \u2026\n"},
        {7, "nod\u2026  \u2026\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *printed = list_in(rows[i].width);
        CHECK_CONTAINS(printed, rows[i].expected);
        free(printed);
    }
}

/* A line that wrapped would not be drawn again in its place by `list --watch`. */
TEST(columns_never_wrap) {
    for (size_t width = 5; width < 80; width++) {
        char *printed = list_in(width);
        for (const char *line = printed; *line; line = strchr(line, '\n') + 1) {
            size_t characters = 0;
            for (const char *at = line; *at != '\n'; at++)
                characters += ((unsigned char)*at & 0xC0) != 0x80;
            CHECK(characters <= width);
        }
        free(printed);
    }
}

TEST(names_are_sorted_as_people_count) {
    CHECK(natural_compare("node2", "node10") < 0);
    CHECK(natural_compare("node10", "node2") > 0);
    CHECK(natural_compare("node02", "node2") != 0);
    CHECK(natural_compare("node", "node1") < 0);
    CHECK(natural_compare("a9b2", "a9b10") < 0);
    CHECK(natural_compare("a", "b") < 0);
    CHECK_INT(natural_compare("web-1", "web-1"), 0);
    CHECK(natural_compare("x99999999999999999999999", "x100000000000000000000000") < 0);
}

TEST(events_are_told_in_words) {
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"booting --ready--> ready", "ready, was booting: the guest is ready"},
        {"running --exited--> failed: QEMU ended (signal 9)",
         "failed, was running: QEMU has ended: QEMU ended (signal 9)"},
        {"stopping --give-up--> running",
         "running, was stopping: the guest did not stop in time, and keeps running"},
        {"a --later--> b", "a --later--> b"},
        {"number --1", "number --1"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *words = event_words_of(rows[i].text);
        CHECK_STRING(words, rows[i].words);
        free(words);
    }
    for (int input = 0; input < INPUT_COUNT; input++) { /* none lacks its words */
        char text[64];
        snprintf(text, sizeof text, "a --%s--> b",
                 lifecycle_input_word((enum lifecycle_input)input));
        char *words = event_words_of(text);
        CHECK_CONTAINS(words, "b, was a: ");
        free(words);
    }
}

/* A VM of which everything is known, and more console than there is room for. */
TEST(info_has_at_most_24_lines) {
    static const char document[] =
        "{'name':'web','state':'failed','reason':'QEMU ended','pid':4711,'supervised':false,"
        "'since':'2026-11-23T13:07:35.878Z','boot_stage':'modules-final','boot_module':'x',"
        "'failed_modules':['a/b'],'agent':true,'address':'127.0.0.1','port':10022,"
        "'address_source':'user-net','hostname':'web','phoned_home':'2026-11-23T13:00:00.000Z',"
        "'host_key_problem':'it reported another key','ip4':'10.0.2.15','mac':'52:54:00:00:00:01',"
        "'nics':['user'],'forwards':['127.0.0.1:1:2','127.0.0.1:3:4'],'vcpu':2,"
        "'ram_bytes':1073741824,'disk_bytes':1610612736,'disks':['data'],'image':'plain',"
        "'arch':'aarch64','accel':null,'created':'2026-11-20T00:00:00.000Z','folder':'/h/web',"
        "'instance_id':'web-1','uuid':'u','seed':'http','host_keys':'guest',"
        "'package_upgrade':false,'autostart':true,'after':'db','restart':'always','groups':['web','db'],'variables':{'a':'1','b':'2'},"
        "'wanted':'running','provisioning':'ok','provisioned':'2026-11-23T13:05:35.000Z',"
        "'tasks_changed':3,'tasks_failed':0,'ansible_log':'/h/web/ansible.log','boots':["
        "{'boot':2,'began':'2026-11-23T13:00:00.000Z','phases_s':{'launched':0,'ready':1.5},"
        "'ended':'2026-11-23T13:07:35.878Z','end':'QEMU ended','console':'1\\n2\\n3\\n4'},"
        "{'boot':1,'began':'2026-11-22T13:00:00.000Z','phases_s':{},'ended':null,'end':null,"
        "'console':'5\\n6'}]}";
    struct info_output_style style = {.now_ms = INT64_C(1795439375878)}; /* 13:09:35.878 */
    char text[sizeof document];
    struct strv lines = {0};
    strcpy(text, document);
    for (char *quote = text; (quote = strchr(quote, '\''));)
        *quote = '"';
    json_t *info = json_loads(text, 0, NULL);
    CHECK(info != NULL);
    info_output_write(info, &style, &lines);
    CHECK(lines.count <= INFO_OUTPUT_LINES);
    CHECK_STRING(lines.items[0], "web  Failed for 2 min 0 s, process 4711, no supervisor");
    CHECK_STRING(lines.items[2], "  cloud-init    modules-final, x; failed: a/b");
    CHECK_STRING(lines.items[4], "  address       127.0.0.1 port 10022, user-net");
    size_t boots = 0;
    for (size_t i = 0; i < lines.count; i++)
        boots += strncmp(lines.items[i], "boot ", 5) == 0;
    CHECK_INT(boots, 1);
    strv_done(&lines);
    style.history = true;
    info_output_write(info, &style, &lines);
    CHECK_STRING(lines.items[lines.count - 1], "                | 6");
    strv_done(&lines);
    json_decref(info);
}

/* A run of Ansible that failed has no time. */
TEST(info_of_a_failed_provisioning) {
    struct info_output_style style = {0};
    struct strv lines = {0};
    json_t *info = json_loads("{\"name\": \"web\", \"state\": \"ready\", \"provisioned\": null,"
                              "\"provisioning\": \"failed: see ansible.log\","
                              "\"tasks_changed\": 0, \"tasks_failed\": 1}",
                              0, NULL);
    bool found = false;
    info_output_write(info, &style, &lines);
    for (size_t i = 0; i < lines.count; i++)
        found = found || strcmp(lines.items[i], "  provisioning  failed: see ansible.log, tasks "
                                                "changed 0, failed 1") == 0;
    CHECK(found);
    strv_done(&lines);
    json_decref(info);
}

/* What the run before came to says nothing of this one. */
TEST(info_of_a_provisioning_under_way) {
    struct info_output_style style = {.now_ms = INT64_C(1795439375878)}; /* 13:09:35.878 */
    struct strv lines = {0};
    json_t *info = json_loads("{\"name\": \"web\", \"state\": \"ready\", \"provisioning\": \"ok\","
                              "\"provisioning_since\": \"2026-11-23T13:09:20.878Z\"}",
                              0, NULL);
    size_t found = 0;
    info_output_write(info, &style, &lines);
    for (size_t i = 0; i < lines.count; i++)
        found += strcmp(lines.items[i], "  provisioning  under way, begun 15 s ago") == 0;
    CHECK_INT(found, 1);
    strv_done(&lines);
    json_decref(info);
}

TEST(progress_tells_share_bytes_and_speed) {
    char text[PROGRESS_BAR_TEXT_SIZE];
    struct progress_bar_moment moment = {50u << 20, 200u << 20, 40u << 20, 4000};
    progress_bar_text("jammy", &moment, text);
    CHECK_STRING(text,
                 "jammy  [######..................]  25%  50 MiB of 200 MiB  10 MiB/s  16 s left");
    moment = (struct progress_bar_moment){50u << 20, 0, 50u << 20, 0};
    progress_bar_text("jammy", &moment, text);
    CHECK_STRING(text, "jammy  50 MiB  0 B/s");
    moment = (struct progress_bar_moment){300, 200, 300, 1000}; /* more than was promised */
    progress_bar_text("jammy", &moment, text);
    CHECK_STRING(text, "jammy  [########################] 100%  300 B of 200 B  300 B/s");
}

/* -n NAME where a name is an argument, and names of options that other tools have. */
static const struct option_spec named_specs[] = {
    {"size", 's', "SIZE", .help = "a size", .also = "disk"},
    {"ram", 0, "SIZE", .help = "memory", .also = "memory mem"},
    {"user", 'l', "USER", .help = "a user"},
    OPTIONS_END,
};

TEST(names_given_by_an_option) {
    enum { FIRST = OPTIONS_NAMED_FIRST, IN_PLACE = OPTIONS_NAMED_IN_PLACE };
    static const struct {
        const char *words[WORDS_MAX];
        size_t free_arguments;
        const char *expected;
        unsigned named;
    } table[] = {
        {{"test", "-n", "copy"}, OPTIONS_ANYWHERE, "| test copy", IN_PLACE},
        {{"-n", "test", "copy"}, OPTIONS_ANYWHERE, "| test copy", IN_PLACE},
        {{"--name=a", "-n", "b"}, OPTIONS_ANYWHERE, "| a b", IN_PLACE},
        {{"test"}, OPTIONS_ANYWHERE, "| test", FIRST},
        {{"-n", "test"}, OPTIONS_ANYWHERE, "| test", FIRST},
        {{"-ntest"}, OPTIONS_ANYWHERE, "| test", FIRST},
        {{"--name", "test"}, OPTIONS_ANYWHERE, "| test", FIRST},
        {{"--name=test"}, OPTIONS_ANYWHERE, "| test", FIRST},
        {{"-n", "one", "-n", "two"}, OPTIONS_ANYWHERE, "| one two", FIRST},
        {{"20G", "-n", "test"}, OPTIONS_ANYWHERE, "| test 20G", FIRST}, /* resize */
        {{"-n", "test", "20G"}, OPTIONS_ANYWHERE, "| test 20G", FIRST},
        {{"data", "-n", "test", "50G"}, OPTIONS_ANYWHERE, "| test data 50G", FIRST}, /* disk add */
        {{"--disk", "5G", "-n", "test"}, OPTIONS_ANYWHERE, "size=5G | test", FIRST},
        {{"--memory", "4G", "test"}, OPTIONS_ANYWHERE, "ram=4G | test", FIRST},
        {{"--mem=4G", "test"}, OPTIONS_ANYWHERE, "ram=4G | test", FIRST},
        {{"--ram", "4096", "-n", "test"}, OPTIONS_ANYWHERE, "ram=4096 | test", FIRST},
        {{"--memo", "4G"}, OPTIONS_ANYWHERE, "unknown option \"--memo\"", FIRST},
        {{"-n"}, OPTIONS_ANYWHERE, "option \"--name\" needs a value (NAME)", FIRST},
        {{"--", "-n", "test"}, OPTIONS_ANYWHERE, "| -n test", FIRST},
        {{"-n", "test", "ls", "-l"}, 1, "| test ls -l", FIRST}, /* ssh */
        {{"-n", "test", "--", "ls", "-l"}, 1, "| test ls -l", FIRST},
        {{"-n", "test", "-l", "root", "ls", "-n"}, 1, "user=root | test ls -n", FIRST},
        {{"-l", "root", "-n", "test"}, 1, "user=root | test", FIRST},
        {{"test", "ls", "-n", "x"}, 1, "| test ls -n x", FIRST},
        {{"test", "--", "-n"}, 1, "| test -n", FIRST},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct options parsed;
        struct error error = {0};
        struct buffer text = {0};
        const struct options_rules rules = {
            .specs = named_specs,
            .free_arguments = table[i].free_arguments,
            .named = table[i].named,
        };
        if (options_parse_rules(&rules, (char **)table[i].words, &parsed, &error)) {
            for (size_t k = 0; named_specs[k].name; k++)
                if (parsed.values[k])
                    buffer_printf(&text, "%s=%s ", named_specs[k].name, parsed.values[k]);
            buffer_puts(&text, "|");
            for (size_t k = 0; k < parsed.argument_count; k++)
                buffer_printf(&text, " %s", parsed.arguments[k]);
            options_done(&parsed);
        } else
            buffer_puts(&text, error.text);
        CHECK_CONTAINS(text.data, table[i].expected);
        buffer_done(&text);
    }
}

int main(void) {
    return test_run();
}
