/* The few questions that a new cloud leaves open, asked on a terminal, each with a default. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

struct cloud_answers { /* owned */
    char *name;
    char *key;       /* file of the public key; NULL: a new one is made */
    char *kind;      /* of network; NULL: that of the interface */
    char *interface; /* NULL: none */
    bool password;   /* ask for one of 'cloudadmin' */
};

bool cloud_questions_ask(struct cloud_answers *answers, struct error *error);
void cloud_answers_done(struct cloud_answers *answers);
