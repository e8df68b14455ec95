/* ${NAME} and ${NAME:-INSTEAD} in a text of a lab file that is marked with !env. */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>

#define LAB_ENVIRONMENT_LIMIT_BYTES (1u << 20)

struct lab_environment_text {
    struct buffer text;  /* the caller's to end */
    const char *problem; /* when it fails: a sentence, static */
};

/* made is {0} before. */
bool lab_environment_expand(const char *text, struct lab_environment_text *made);
