/* The newest file of those that a publisher lists, found by a pattern: an address in which each "*"
 * stands for a version, digits with dots and dashes between them. A listing is any text that has
 * the names: a checksum file, the index of a folder, a list of releases. Nothing of it gets into an
 * address but such versions. Pure. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define NEWEST_PARTS_MAX 4
#define NEWEST_PART_SIZE 32

struct newest { /* what the stars of the listed name stand for */
    char parts[NEWEST_PARTS_MAX][NEWEST_PART_SIZE];
    size_t count;
};

bool newest_is_pattern(const char *address);
/* A sentence that says what is wrong with a pattern; NULL: nothing. */
const char *newest_check(const char *pattern);

/* Of the part between slashes that has the first star. ERROR_NOT_FOUND when the listing has none
 * such. */
bool newest_find(const char *pattern, const char *listing, struct newest *newest,
                 struct error *error);
/* The address: the stars in their order, from the first one again where there are more. Caller
 * frees. */
char *newest_address(const char *pattern, const struct newest *newest);
