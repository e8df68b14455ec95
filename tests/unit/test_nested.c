/* Who may have virtual machines in virtual machines. */
#include "host/nested.h"
#include "test.h"

#include <string.h>

#define ACCEPTED NULL

TEST(conditions) {
    static const struct {
        struct nested_facts facts;
        const char *obstacle;
    } rows[] = {
        {{SPEC_HVF, {.version = {11, 1}}, 26, "Apple M3", NULL}, ACCEPTED},
        {{SPEC_HVF, {.version = {12, 0}}, 27, "Apple M5 Max", NULL}, ACCEPTED},
        {{SPEC_HVF, {.version = {11, 1}}, 26, "Apple M10", NULL}, ACCEPTED},
        {{SPEC_HVF, {.version = {11, 0}}, 26, "Apple M3", NULL}, "QEMU 11.1"},
        {{SPEC_HVF, {.version = {10, 2}}, 26, "Apple M3", NULL}, "QEMU 11.1"},
        {{SPEC_HVF, {.version = {11, 1}}, 15, "Apple M4 Max", NULL}, "macOS 26"},
        {{SPEC_HVF, {.version = {11, 1}}, 26, "Apple M2 Ultra", NULL}, "Apple M3"},
        {{SPEC_HVF, {.version = {11, 1}}, 26, "Intel(R) Core(TM) i7", NULL}, "Apple M3"},
        {{SPEC_HVF, {.version = {11, 1}}, 26, "Apple processor", NULL}, "Apple M3"},
        {{SPEC_HVF, {.version = {11, 1}}, 26, NULL, NULL}, "Apple M3"},
        {{SPEC_KVM, {.version = {7, 2}}, 0, NULL, "Y\n"}, ACCEPTED},
        {{SPEC_KVM, {.version = {7, 2}}, 0, NULL, "1\n"}, ACCEPTED},
        {{SPEC_KVM, {.version = {7, 2}}, 0, NULL, "N\n"}, "nested=1"},
        {{SPEC_KVM, {.version = {7, 2}}, 0, NULL, "0\n"}, "nested=1"},
        {{SPEC_KVM, {.version = {7, 2}}, 0, NULL, NULL}, "is not there"},
        {{SPEC_TCG, {.version = {7, 2}}, 0, NULL, NULL}, ACCEPTED},
        {{SPEC_TCG, {.version = {7, 2}}, 15, "Apple M1", NULL}, ACCEPTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *obstacle = nested_obstacle(&rows[i].facts);
        if (rows[i].obstacle)
            CHECK_CONTAINS(obstacle ? obstacle : "", rows[i].obstacle);
        else
            CHECK(!obstacle);
    }
}

TEST(this_host) {
    struct spec_qemu qemu = {.version = {7, 2}};
    struct error error = {0};
    CHECK(nested_check(SPEC_TCG, &qemu, &error));
    CHECK(!nested_check(SPEC_HVF, &qemu, &error));
    CHECK_INT(error.code, ERROR_WRONG_STATE);
    CHECK_CONTAINS(error.text, "omit --nested");
}

int main(void) {
    return test_run();
}
