/* Groups and variables that a user gives to an instance for Ansible. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "home/access/host_groups.h"
#include "home/access/host_variables.h"
#include "test.h"

#define WORDS(...) ((char *const[]){__VA_ARGS__, NULL})

TEST(groups_are_kept_once_in_their_order) {
    struct error error = {0};
    struct strv names = {0};
    char *stored = NULL;
    CHECK(host_groups_set(&stored, WORDS("web,lab", "db", "web"), &error));
    CHECK_STRING(stored, "web,lab,db");
    host_groups_list(stored, &names);
    CHECK_INT(names.count, 3);
    CHECK_STRING(names.items[2], "db");
    CHECK(host_groups_set(&stored, WORDS(""), &error));
    CHECK(!stored);
    strv_done(&names);
}

TEST(a_refused_group_leaves_those_of_before) {
    static const char *const bad[] = {"1", "a-b", "web,", ",web", "all", "group_a", "a,all"};
    char *stored = NULL;
    struct error error = {0};
    CHECK(host_groups_set(&stored, WORDS("web"), &error));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        error_clear(&error);
        CHECK(!host_groups_set(&stored, WORDS((char *)bad[i]), &error));
        CHECK_STRING(error_word(error.code), error_word(ERROR_INVALID));
        CHECK_STRING(stored, "web");
    }
    alloc_release(&stored);
}

TEST(more_groups_and_variables_than_their_limits) {
    struct buffer words = {0};
    struct strv pairs = {0};
    struct error error = {0};
    char *stored = NULL;
    for (unsigned i = 0; i <= HOST_GROUPS_MAX; i++)
        buffer_printf(&words, "%sg%u", i ? "," : "", i);
    CHECK(!host_groups_set(&stored, WORDS(words.data), &error));
    for (unsigned i = 0; i <= HOST_VARIABLES_MAX; i++)
        strv_pushf(&pairs, "v%u=", i);
    error_clear(&error);
    CHECK(!host_variables_set(&stored, pairs.items, &error));
    CHECK(!stored);
    buffer_done(&words);
    strv_done(&pairs);
}

TEST(variables_are_set_replaced_and_removed) {
    struct error error = {0};
    char *stored = NULL;
    CHECK(host_variables_set(&stored, WORDS("a=1", "b=x=y", "a=2", "c="), &error));
    CHECK_STRING(stored, "a=2\nb=x=y\nc=\n");
    CHECK(host_variables_remove(&stored, WORDS("b"), &error));
    CHECK(host_variables_set(&stored, WORDS("a=3"), &error));
    CHECK_STRING(stored, "a=3\nc=\n");
    CHECK(!host_variables_remove(&stored, WORDS("a", "a"), &error));
    CHECK_STRING(stored, "a=3\nc=\n");
    error_clear(&error);
    CHECK(!host_variables_set(&stored, WORDS("d=4", "ansible_host=5"), &error));
    CHECK_STRING(stored, "a=3\nc=\n");
    CHECK(host_variables_remove(&stored, WORDS("a", "c"), &error));
    CHECK(!stored);
}

TEST(values_as_ansible_is_given_them) {
    static const struct {
        const char *value, *json;
    } cases[] = {
        {"", "\"\""},
        {"1.10", "\"1.10\""},
        {"true", "\"true\""},
        {"[1, \"a\"]", "[1, \"a\"]"},
        {"{\"a\": 1}", "{\"a\": 1}"},
        {"[1", "\"[1\""},
        {"{{ x }}", "\"{{ x }}\""},
        {"\"q\"\\", "\"\\\"q\\\"\\\\\""},
        {"{\"a\": \"\\u0000\"}", "\"{\\\"a\\\": \\\"\\\\u0000\\\"}\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scoped(alloc_release) char *json = host_variables_json(cases[i].value);
        CHECK_STRING(json, cases[i].json);
    }
}

int main(void) {
    return test_run();
}
