#include "base/nearest.h"

#include <string.h>

static unsigned smaller(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* Optimal string alignment. Both lengths are at most NEAREST_WORD_MAX. */
unsigned nearest_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    unsigned cost[NEAREST_WORD_MAX + 1][NEAREST_WORD_MAX + 1];
    for (size_t i = 0; i <= a_length; i++)
        cost[i][0] = (unsigned)i;
    for (size_t j = 0; j <= b_length; j++)
        cost[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replaced = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            unsigned moved = smaller(cost[i - 1][j], cost[i][j - 1]) + 1;
            cost[i][j] = smaller(replaced, moved);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = smaller(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[a_length][b_length];
}

/* One edit in a short word, two in one of five letters, three in a long one. */
static unsigned tolerated(size_t length) {
    return length <= 4 ? 1 : length <= 8 ? 2 : 3;
}

void nearest_init(struct nearest *nearest, const char *typed, size_t length) {
    *nearest = (struct nearest){typed, length, NULL, tolerated(length) + 1};
}

void nearest_offer(struct nearest *nearest, const char *candidate) {
    size_t length = strlen(candidate);
    if (length > NEAREST_WORD_MAX || nearest->typed_length > NEAREST_WORD_MAX)
        return;
    unsigned distance = nearest_distance(nearest->typed, nearest->typed_length, candidate, length);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = candidate;
    }
}
