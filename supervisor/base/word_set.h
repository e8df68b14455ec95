/* The words of a closed set, indexed by its enum: what the store, the command line and messages
 * call its members. Each set has one table, beside its enum. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct word_set {
    const char *const *words;
    size_t count;
};
/* For a table that is an array. */
#define WORD_SET(table)                                                                            \
    { (table), sizeof(table) / sizeof(table)[0] }

/* word: NULL is not found. value: untouched when it is not. */
bool word_set_find(const struct word_set *set, const char *word, int *value);
/* "http, drive or both"; caller frees. */
char *word_set_choice(const struct word_set *set);
