#include "duration.h"

#include "base/name.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_MS UINT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

enum { FRACTION_DIGITS = 3, WHOLE_DIGITS = 9, PARTS_MAX = 8 };

static const struct {
    const char *words;
    uint64_t ms;
} units[] = {
    {" ms ", 1},
    {" s sec secs second seconds ", SECOND_MS},
    {" m min mins minute minutes ", MINUTE_MS},
    {" h hr hrs hour hours ", HOUR_MS},
    {" d day days ", DAY_MS},
    {" w week weeks ", 7 * DAY_MS},
};

static const char *skip_blanks(const char *text) {
    return text + strspn(text, " ");
}

/* A number in thousandths: "1.5" is 1500. */
static bool take_thousandths(const char **text, uint64_t *number) {
    size_t whole = strspn(*text, "0123456789"), digits = 0;
    if (whole == 0 || whole > WHOLE_DIGITS)
        return false;
    *number = strtoull(*text, NULL, 10) * 1000;
    *text += whole;
    if (**text != '.')
        return true;
    ++*text;
    for (uint64_t weight = 100; isdigit((unsigned char)**text); weight /= 10, ++*text, digits++)
        *number += (uint64_t)(**text - '0') * weight;
    return digits > 0 && digits <= FRACTION_DIGITS;
}

/* 0: no unit is there, or none of that name. */
static uint64_t take_unit(const char **text) {
    char word[16];
    size_t length = 0;
    while (isalpha((unsigned char)(*text)[length]) && length < sizeof word - 3)
        length++;
    snprintf(word, sizeof word, " %.*s ", (int)length, *text);
    for (size_t i = 0; length > 0 && i < sizeof units / sizeof *units; i++)
        if (strstr(units[i].words, word)) {
            *text += length;
            return units[i].ms;
        }
    return 0;
}

bool duration_parse(const char *text, uint64_t *ms) {
    uint64_t sum = 0, before = UINT64_MAX;
    const char *at = skip_blanks(text);
    for (int part = 0; part < PARTS_MAX; part++) {
        uint64_t number;
        if (!take_thousandths(&at, &number))
            return false;
        at = skip_blanks(at);
        uint64_t unit = *at ? take_unit(&at) : part == 0 ? SECOND_MS : 0;
        if (unit == 0 || unit >= before) /* "1h30m", not "30m1h" nor "5m5m" */
            return false;
        before = unit;
        sum += number * unit / 1000;
        at = skip_blanks(at);
        if (*at)
            continue;
        *ms = sum;
        return true;
    }
    return false;
}

/* "2026-11-23T13:07:35.878Z", "2026-11-23 13:07", "2026-11-23": UTC. */
static bool parse_moment(const char *text, int64_t *wall_ms) {
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
                                        "%Y-%m-%d %H:%M", "%Y-%m-%d"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm utc = {0};
        const char *rest = strptime(text, forms[i], &utc);
        if (rest && *rest == '.' && i < 2)
            rest += 1 + strspn(rest + 1, "0123456789");
        if (rest && *rest == 'Z')
            rest++;
        if (!rest || *rest)
            continue;
        *wall_ms = (int64_t)timegm(&utc) * 1000;
        return true;
    }
    return false;
}

bool duration_parse_since(const char *text, int64_t now_ms, int64_t *since_ms,
                          struct error *error) {
    uint64_t ago_ms;
    if (parse_moment(text, since_ms))
        return true;
    if (duration_parse(text, &ago_ms) && ago_ms <= (uint64_t)INT64_MAX / 2) {
        *since_ms = now_ms - (int64_t)ago_ms;
        return true;
    }
    return error_set(error, ERROR_USAGE,
                     "\"%.80s\" is not a time: write 2026-11-23T13:07:35Z, or how long ago: 90s, "
                     "10m, 1h30m, 7d",
                     text);
}

void duration_format(uint64_t ms, char text[DURATION_SIZE]) {
    uint64_t minutes = ms / MINUTE_MS, hours = ms / HOUR_MS, days = ms / DAY_MS;
    if (ms < 10 * SECOND_MS)
        snprintf(text, DURATION_SIZE, "%" PRIu64 ".%" PRIu64 " s", ms / 1000, ms % 1000 / 100);
    else if (ms < MINUTE_MS)
        snprintf(text, DURATION_SIZE, "%" PRIu64 " s", ms / 1000);
    else if (ms < 10 * MINUTE_MS)
        snprintf(text, DURATION_SIZE, "%" PRIu64 " min %" PRIu64 " s", minutes, ms / 1000 % 60);
    else if (ms < HOUR_MS)
        snprintf(text, DURATION_SIZE, "%" PRIu64 " min", minutes);
    else if (ms < DAY_MS)
        snprintf(text, DURATION_SIZE, "%" PRIu64 " h %" PRIu64 " min", hours, minutes % 60);
    else
        snprintf(text, DURATION_SIZE, "%" PRIu64 " d %" PRIu64 " h", days, hours % 24);
}

void duration_format_short(uint64_t ms, char text[DURATION_SIZE]) {
    char *end = ms < 2 * MINUTE_MS ? name_put_number(ms / SECOND_MS, text)
                : ms < 2 * HOUR_MS ? name_put_number(ms / MINUTE_MS, text)
                : ms < 2 * DAY_MS  ? name_put_number(ms / HOUR_MS, text)
                                   : name_put_number(ms / DAY_MS, text);
    strcpy(end, ms < 2 * MINUTE_MS ? "s" : ms < 2 * HOUR_MS ? "m" : ms < 2 * DAY_MS ? "h" : "d");
}
