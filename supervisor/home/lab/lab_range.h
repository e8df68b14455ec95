/* The names that one key of a lab file stands for: "agent-{1..3}" is three, "agent" is one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct lab_range {
    size_t before;        /* length of the text before the braces */
    const char *after;    /* what follows them, borrowed; NULL: there are none */
    uint64_t first, last; /* 0, 0 without braces */
    int width;            /* digits at least: of {01..12}, two */
};

/* NULL: it is one. Otherwise what is wrong, as a sentence, static. */
const char *lab_range_read(const char *name, struct lab_range *range);
/* Caller frees. */
char *lab_range_name(const struct lab_range *range, const char *name, uint64_t number);
