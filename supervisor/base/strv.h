/* A list of owned strings that is always also a NULL-terminated vector, ready for execv().
 * {0} is an empty list (items is NULL until the first push). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct strv {
    char **items; /* owned, each item too; items[count] is NULL */
    size_t count;
};

void strv_push(struct strv *list, const char *text); /* copies */
void strv_pushf(struct strv *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strv_take(struct strv *list, char *text); /* takes ownership */
bool strv_has(const struct strv *list, const char *text);
void strv_done(struct strv *list);
