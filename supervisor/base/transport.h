/* The protocols that ports belong to. */
#pragma once

#include "base/word_set.h"

enum transport { TRANSPORT_TCP, TRANSPORT_UDP };
extern const struct word_set transport_words;
const char *transport_word(enum transport transport); /* "tcp" */
