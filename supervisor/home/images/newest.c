#include "home/images/newest.h"

#include "base/alloc.h"
#include "base/buffer.h"

#include <ctype.h>
#include <string.h>

#define STAR '*'

bool newest_is_pattern(const char *address) {
    return strchr(address, STAR) != NULL;
}

/* The part between slashes that has the first star; caller frees. */
static char *listed_name(const char *pattern) {
    const char *star = pattern + strcspn(pattern, "*"), *start = star;
    while (start > pattern && start[-1] != '/')
        start--;
    return alloc_slice(start, (size_t)(star - start) + strcspn(star, "/?#"));
}

const char *newest_check(const char *pattern) {
    const char *scheme = strstr(pattern, "://");
    const char *host_end = scheme ? strpbrk(scheme + 3, "/?#") : NULL;
    if (!host_end || strchr(pattern, STAR) < host_end)
        return "\"*\" may not be in the name of the server";
    if (strstr(pattern, "**"))
        return "two \"*\" need something between them";
    scoped(alloc_release) char *name = listed_name(pattern);
    size_t stars = 0;
    for (const char *each = name; (each = strchr(each, STAR)); each++)
        stars++;
    return stars > NEWEST_PARTS_MAX ? "a name may have four \"*\"" : NULL;
}

/* --- versions --- */

static int compare_numbers(const char **one, const char **other) {
    const char *a = *one + strspn(*one, "0"), *b = *other + strspn(*other, "0");
    size_t a_digits = strspn(a, "0123456789"), b_digits = strspn(b, "0123456789");
    *one = a + a_digits;
    *other = b + b_digits;
    if (a_digits != b_digits)
        return a_digits < b_digits ? -1 : 1;
    return strncmp(a, b, a_digits);
}

/* "1.10" is newer than "1.9", and "1.9.1" than "1.9". */
static int compare_versions(const char *one, const char *other) {
    while (*one && *other) {
        int order = compare_numbers(&one, &other);
        if (order)
            return order;
        one += *one != 0;
        other += *other != 0;
    }
    return (*one != 0) - (*other != 0);
}

static bool is_newer(const struct newest *one, const struct newest *other) {
    for (size_t i = 0; i < one->count && i < other->count; i++) {
        int order = compare_versions(one->parts[i], other->parts[i]);
        if (order)
            return order > 0;
    }
    return other->count == 0;
}

/* --- names in a listing --- */

static bool is_of_name(char byte) {
    return isalnum((unsigned char)byte) || (byte && strchr("_-~", byte));
}

/* The name ends here, and is not the beginning of another one: "x.qcow2" of "x.qcow2.sha512". */
static bool ends_here(const char *text) {
    return !is_of_name(*text) && !(*text == '.' && is_of_name(text[1]));
}

/* Length of the longest version at text; 0: none. */
static size_t version_length(const char *text) {
    size_t length = strspn(text, "0123456789.-");
    if (!isdigit((unsigned char)*text))
        return 0;
    if (length >= NEWEST_PART_SIZE)
        length = NEWEST_PART_SIZE - 1;
    while (!isdigit((unsigned char)text[length - 1]))
        length--;
    return length;
}

/* Whether text begins with the name; the versions are put into found. Each star has at most
 * NEWEST_PART_SIZE lengths to try, and there are few of them. */
static bool matches(const char *name, const char *text, struct newest *found) {
    while (*name && *name != STAR) {
        if (*name++ != *text++)
            return false;
    }
    if (!*name)
        return ends_here(text);
    size_t index = found->count++;
    for (size_t length = version_length(text); length > 0; length--) {
        if (!isdigit((unsigned char)text[length - 1]))
            continue;
        memcpy(found->parts[index], text, length);
        found->parts[index][length] = 0;
        if (matches(name + 1, text + length, found))
            return true;
    }
    found->count = index;
    return false;
}

bool newest_find(const char *pattern, const char *listing, struct newest *newest,
                 struct error *error) {
    scoped(alloc_release) char *name = listed_name(pattern);
    *newest = (struct newest){0};
    for (const char *text = listing; *text; text++) {
        struct newest found = {0};
        bool begins = text == listing || !(is_of_name(text[-1]) || text[-1] == '.');
        if (begins && matches(name, text, &found) && is_newer(&found, newest))
            *newest = found;
    }
    return newest->count > 0 ||
           error_set(error, ERROR_NOT_FOUND, "lists nothing of the form %s", name);
}

char *newest_address(const char *pattern, const struct newest *newest) {
    struct buffer address = {0};
    size_t star = 0;
    for (; *pattern; pattern++)
        if (*pattern == STAR)
            buffer_puts(&address, newest->parts[star++ % newest->count]);
        else
            buffer_putc(&address, *pattern);
    return buffer_take(&address);
}
