/* The smallest test harness that says where and why: a file is a program, a test is a function.
 *
 *     TEST(splits_at_lf) { CHECK_STRING(next(&s), "a"); }
 *     int main(void) { return test_run(); }
 *
 * A failed CHECK prints file, line and both values, and the test goes on; the program exits 1. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void test_function(void);
struct test_case {
    const char *name;
    test_function *run;
    struct test_case *next;
};

static struct test_case *test_first, **test_last = &test_first;
static int test_failures;

#define TEST(name)                                                                                 \
    static void name(void);                                                                        \
    __attribute__((constructor)) static void name##_register(void) {                               \
        static struct test_case row = {#name, name, NULL};                                         \
        *test_last = &row;                                                                         \
        test_last = &row.next;                                                                     \
    }                                                                                              \
    static void name(void)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            test_failures++;                                                                       \
        }                                                                                          \
    } while (0)

#define CHECK_INT(actual, expected)                                                                \
    do {                                                                                           \
        long long test_a = (long long)(actual), test_e = (long long)(expected);                    \
        if (test_a != test_e) {                                                                    \
            fprintf(stderr, "%s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #actual,     \
                    test_a, test_e);                                                               \
            test_failures++;                                                                       \
        }                                                                                          \
    } while (0)

#define CHECK_STRING(actual, expected)                                                             \
    do {                                                                                           \
        const char *test_a = (actual), *test_e = (expected);                                       \
        if (!test_a || !test_e ? test_a != test_e : strcmp(test_a, test_e) != 0) {                 \
            fprintf(stderr, "%s:%d: %s is\n  \"%s\", expected\n  \"%s\"\n", __FILE__, __LINE__,    \
                    #actual, test_a ? test_a : "(null)", test_e ? test_e : "(null)");              \
            test_failures++;                                                                       \
        }                                                                                          \
    } while (0)

#define CHECK_CONTAINS(actual, part)                                                               \
    do {                                                                                           \
        const char *test_a = (actual), *test_p = (part);                                           \
        if (!test_a || !strstr(test_a, test_p)) {                                                  \
            fprintf(stderr, "%s:%d: %s is\n  \"%s\", which lacks\n  \"%s\"\n", __FILE__, __LINE__, \
                    #actual, test_a ? test_a : "(null)", test_p);                                  \
            test_failures++;                                                                       \
        }                                                                                          \
    } while (0)

static inline int test_run(void) {
    int failed = 0, count = 0;
    for (struct test_case *test = test_first; test; test = test->next, count++) {
        int before = test_failures;
        test->run();
        bool good = test_failures == before;
        failed += !good;
        printf("%s %s\n", good ? "ok  " : "FAIL", test->name);
    }
    printf("%d tests, %d failed\n", count, failed);
    return failed || count == 0;
}
