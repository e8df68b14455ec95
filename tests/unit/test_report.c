#include "test.h"

#include "base/alloc.h"
#include "cloudinit/report.h"

#define EVENT(name, rest)                                                                          \
    "{\"name\": \"" name "\", \"description\": \"d\", \"event_type\": " rest ", \"origin\": "      \
    "\"cloudinit\", \"timestamp\": 1731234567.25}"
#define START(name) EVENT(name, "\"start\"")

static bool parse(const char *body, size_t length, struct report *report, struct error *error) {
    /* a copy of exactly this size, so that a read beyond it is seen by the sanitizer */
    scoped(alloc_release) char *copy = alloc_zero(length + 1);
    memcpy(copy, body, length);
    return report_parse(copy, length, report, error);
}

static const struct {
    const char *body;
    enum report_stage stage;
    const char *module;
    enum report_result result;
} good[] = {
    /* as Debian 12's client posted them */
    {"{\"name\": \"modules-config/config-locale\", \"description\": \"running config-locale with "
     "frequency once-per-instance\", \"event_type\": \"start\", \"origin\": \"cloudinit\", "
     "\"timestamp\": 1763991137.0446193}",
     REPORT_MODULES_CONFIG, "locale", REPORT_BEGAN},
    {"{\"name\": \"modules-final\", \"description\": \"running modules for final\", "
     "\"event_type\": \"finish\", \"origin\": \"cloudinit\", \"timestamp\": 1763991137.1, "
     "\"result\": \"SUCCESS\"}",
     REPORT_MODULES_FINAL, "", REPORT_SUCCESS},
    {EVENT("modules-final/config-scripts-user", "\"finish\", \"result\": \"FAIL\""),
     REPORT_MODULES_FINAL, "scripts-user", REPORT_FAILURE},
    {EVENT("modules-final/config-scripts_user", "\"finish\", \"result\": \"WARN\""),
     REPORT_MODULES_FINAL, "scripts_user", REPORT_WARNING},
    {EVENT("init-network", "\"finish\", \"result\": \"SUCCESS\", \"files\": [{\"path\": 1}]"),
     REPORT_INIT_NETWORK, "", REPORT_SUCCESS},
    {START("init-local"), REPORT_INIT_LOCAL, "", REPORT_BEGAN},
    /* steps that are no modules */
    {START("init-network/consume-user-data"), REPORT_OTHER, "", REPORT_BEGAN},
    {START("modules-final/config-a/b"), REPORT_OTHER, "", REPORT_BEGAN},
    {START("modules-finally"), REPORT_OTHER, "", REPORT_BEGAN},
    {START("single/config-ntp"), REPORT_OTHER, "", REPORT_BEGAN},
    {START("azure-ds/get"), REPORT_OTHER, "", REPORT_BEGAN},
    {START(""), REPORT_OTHER, "", REPORT_BEGAN},
};

TEST(events) {
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int before = test_failures;
        struct report report;
        struct error error = {0};
        CHECK(parse(good[i].body, strlen(good[i].body), &report, &error));
        CHECK_STRING(error.text, "");
        CHECK_INT(report.stage, good[i].stage);
        CHECK_STRING(report.module, good[i].module);
        CHECK_INT(report.result, good[i].result);
        if (test_failures > before)
            fprintf(stderr, "  in row %zu: %s\n", i, good[i].body);
    }
}

TEST(its_description) {
    struct report report;
    CHECK(parse(good[0].body, strlen(good[0].body), &report, NULL));
    CHECK_STRING(report.description, "running config-locale with frequency once-per-instance");
    CHECK_STRING(report_stage_name(report.stage), "modules-config");
    CHECK_STRING(report_stage_name(REPORT_OTHER), NULL);
}

static const struct {
    const char *body, *part;
} bad[] = {
    {"", "not one JSON object"},
    {"hello", "not one JSON object"},
    {"name: modules-final", "not one JSON object"}, /* YAML is not JSON */
    {"[]", "not one JSON object"},
    {"\"name\"", "not one JSON object"},
    {START("init-local") "x", "not one JSON object"},
    {START("init-local\\u0000"), "not one JSON object"},
    {START("init-local\xff"), "not one JSON object"},
    {"{\"name\": \"a\", \"name\": \"b\"}", "not one JSON object"},
    {"{}", "no text \"name\""},
    {"{\"name\": 1}", "no text \"name\""},
    {"{\"name\": \"init-local\"}", "no text \"description\""},
    {"{\"name\": \"init-local\", \"description\": null}", "no text \"description\""},
    {START("init-local\\n"), "name holds a control character"},
    {START("init-local\\u001b[31m"), "name holds a control character"},
    {START("init-local\\u009b31m"), "name holds a control character"},
    {"{\"name\": \"init-local\", \"description\": \"\\u007f\", \"event_type\": \"start\"}",
     "description holds a control character"},
    {START("modules-final/config-"), "no name of 1 to 63"},
    {START("modules-final/config-a b"), "no name of 1 to 63"},
    {START("modules-final/config-\xc3\xa9"), "no name of 1 to 63"},
    {EVENT("init-local", "\"stop\""), "neither starts nor finishes"},
    {EVENT("init-local", "0"), "neither starts nor finishes"},
    {EVENT("init-local", "\"finish\""), "no such result"},
    {EVENT("init-local", "\"finish\", \"result\": \"success\""), "no such result"},
    {EVENT("init-local", "\"finish\", \"result\": 1"), "no such result"},
};

TEST(what_is_no_event) {
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int before = test_failures;
        struct report report;
        struct error error = {0};
        CHECK(!parse(bad[i].body, strlen(bad[i].body), &report, &error));
        CHECK_INT(error.code, ERROR_INVALID);
        CHECK_CONTAINS(error.text, bad[i].part);
        CHECK_STRING(report.module, "");
        if (test_failures > before)
            fprintf(stderr, "  in row %zu: %s\n", i, bad[i].body);
    }
}

/* An event whose name, module or description has this many bytes. */
static bool parse_long(const char *form, size_t length, struct error *error) {
    struct report report;
    scoped(alloc_release) char *filler = alloc_zero(length + 1);
    memset(filler, 'a', length);
    scoped(alloc_release) char *body =
        alloc_printf("{%s%s\", \"event_type\": \"start\"}", form, filler);
    return parse(body, strlen(body), &report, error);
}

TEST(limits) {
    static const char name[] = "\"description\": \"\", \"name\": \"";
    static const char module[] = "\"description\": \"\", \"name\": \"modules-final/config-";
    static const char description[] = "\"name\": \"init-local\", \"description\": \"";
    static const char other[] = "\"name\": \"init-local\", \"description\": \"\", \"origin\": \"";
    struct error error = {0};
    CHECK(parse_long(name, REPORT_NAME_SIZE - 1, NULL));
    CHECK(!parse_long(name, REPORT_NAME_SIZE, &error));
    CHECK_CONTAINS(error.text, "name is longer than 127 bytes");
    CHECK(parse_long(module, REPORT_MODULE_SIZE - 1, NULL));
    CHECK(!parse_long(module, REPORT_MODULE_SIZE, NULL));
    CHECK(parse_long(description, REPORT_DESCRIPTION_SIZE - 1, NULL));
    error = (struct error){0};
    CHECK(!parse_long(description, REPORT_DESCRIPTION_SIZE, &error));
    CHECK_CONTAINS(error.text, "description is longer than 511 bytes");
    error = (struct error){0};
    CHECK(parse_long(other, REPORT_LIMIT_BYTES / 2, NULL));
    CHECK(!parse_long(other, REPORT_LIMIT_BYTES, &error));
    CHECK_CONTAINS(error.text, "longer than 8192 bytes");
}

int main(void) {
    return test_run();
}
