/* The word that was probably meant: the candidate with the fewest single-letter edits (insert,
 * delete, replace, swap of neighbours) from what was typed. Pure. Offer the candidates, then read
 * `best`: NULL when none is near enough to be worth naming. */
#pragma once

#include <stddef.h>

#define NEAREST_WORD_MAX 48 /* longer words are not compared */

struct nearest {
    const char *typed;
    size_t typed_length;
    const char *best; /* borrowed from the offer */
    unsigned distance;
};

void nearest_init(struct nearest *nearest, const char *typed, size_t length);
void nearest_offer(struct nearest *nearest, const char *candidate);
unsigned nearest_distance(const char *a, size_t a_length, const char *b, size_t b_length);
