/* Colours of a terminal: --color, NO_COLOR, and what means what. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

#define COLOR_OPTION                                                                               \
    {                                                                                              \
        .name = "color", .value = "auto|always|never",                                             \
        .help = "colour the states; auto: on a terminal, unless NO_COLOR is set",                  \
        .fallback = "auto", .also = "colour"                                                       \
    }

bool color_wanted(const char *word, FILE *file, bool *wanted, struct error *error);
/* What is written before a state; "": nothing. */
const char *color_of_state(const char *state);
