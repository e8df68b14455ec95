#include "natural.h"

#include <ctype.h>
#include <string.h>

/* Two runs of digits, by their value: the longer one without zeros before it is the greater. */
static int compare_numbers(const char **a, const char **b) {
    *a += strspn(*a, "0");
    *b += strspn(*b, "0");
    size_t x = strspn(*a, "0123456789"), y = strspn(*b, "0123456789");
    int order = x != y ? (x > y) - (x < y) : strncmp(*a, *b, x);
    *a += x;
    *b += y;
    return order;
}

int natural_compare(const char *a, const char *b) {
    const char *first = a, *second = b;
    while (*a && *b) {
        int order;
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b))
            order = compare_numbers(&a, &b);
        else
            order = (unsigned char)*a++ - (unsigned char)*b++;
        if (order)
            return order;
    }
    return *a || *b ? (*a != 0) - (*b != 0) : strcmp(first, second);
}
