#include "home/lab/lab_range.h"

#include "base/alloc.h"
#include "base/name.h"

#include <string.h>

#define NUMBER_MAX 10000u
#define DIGITS_MAX 6u

struct digits {
    const char *start;
    size_t length;
};

static bool read_number(struct digits digits, uint64_t *number) {
    scoped(alloc_release) char *text = alloc_slice(digits.start, digits.length);
    size_t zeros = strspn(text, "0");
    return digits.length && digits.length <= DIGITS_MAX &&
           strspn(text, "0123456789") == digits.length &&
           name_parse_number(text + zeros - (zeros == digits.length), 0, NUMBER_MAX, number);
}

const char *lab_range_read(const char *name, struct lab_range *range) {
    const char *open = strchr(name, '{'), *dots = open ? strstr(open, "..") : NULL;
    const char *close = dots ? strchr(dots, '}') : NULL;
    *range = (struct lab_range){.before = strlen(name)};
    if (!open)
        return NULL;
    struct digits first = {open + 1, close ? (size_t)(dots - open - 1) : 0};
    struct digits last = {dots + 2, close ? (size_t)(close - dots - 2) : 0};
    if (!close || strchr(close, '{') || !read_number(first, &range->first) ||
        !read_number(last, &range->last))
        return "this is not a range of names: use one such as node-{1..3}";
    range->before = (size_t)(open - name);
    range->after = close + 1;
    range->width = (int)first.length;
    return range->first <= range->last
               ? NULL
               : "this range of names is empty: the last number is the smaller";
}

char *lab_range_name(const struct lab_range *range, const char *name, uint64_t number) {
    return range->after ? alloc_printf("%.*s%0*llu%s", (int)range->before, name, range->width,
                                       (unsigned long long)number, range->after)
                        : alloc_string(name);
}
