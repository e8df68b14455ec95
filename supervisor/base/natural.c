#include "natural.h"

#include <stdbool.h>
#include <string.h>

static bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

static size_t digits_of(const char *text) {
    size_t count = 0;
    while (is_digit(text[count]))
        count++;
    return count;
}

static const char *without_zeros(const char *text) {
    while (*text == '0')
        text++;
    return text;
}

/* Two runs of digits, by their value: the longer one without zeros before it is the greater. */
static int compare_numbers(const char **a, const char **b) {
    *a = without_zeros(*a);
    *b = without_zeros(*b);
    size_t x = digits_of(*a), y = digits_of(*b);
    int order = x != y ? (x > y) - (x < y) : strncmp(*a, *b, x);
    *a += x;
    *b += y;
    return order;
}

/* Where the first difference is, or the digits before it begin. */
static size_t same_until(const char *a, const char *b) {
    size_t same = 0;
    while (a[same] && a[same] == b[same])
        same++;
    while (same > 0 && is_digit(a[same - 1]))
        same--;
    return same;
}

int natural_compare(const char *a, const char *b) {
    const char *first = a, *second = b;
    size_t same = same_until(a, b);
    a += same;
    b += same;
    while (*a && *b) {
        int order;
        if (is_digit(*a) && is_digit(*b))
            order = compare_numbers(&a, &b);
        else
            order = (unsigned char)*a++ - (unsigned char)*b++;
        if (order)
            return order;
    }
    return *a || *b ? (*a != 0) - (*b != 0) : strcmp(first, second);
}
