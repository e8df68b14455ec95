/* Durations and moments, as people write them and are shown them. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/duration.h"
#include "test.h"

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

TEST(time_is_written_as_rfc3339) {
    char text[CLOCK_RFC3339_SIZE];
    clock_rfc3339(1795442310809, text);
    CHECK_STRING(text, "2026-11-23T13:58:30.809Z");
    clock_rfc3339(-1, text);
    CHECK_STRING(text, "1969-12-31T23:59:59.999Z");
}

int main(void) {
    return test_run();
}
