/* One question to a guest's agent, and its answer: a conversation of its own, so that the
 * supervisor and others reach the agent between two. agent_talk.h is for more. */
#pragma once

#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct agent_question {
    char *path;        /* of the agent's socket */
    bool stubborn;     /* Ctrl-C does not end it */
    uint64_t limit_ms; /* of all of it; 0: as long as the agent says something */
    struct error *error;
};

/* arguments is stolen. NULL: error set, ERROR_TIMEOUT if the agent did not answer; the caller owns
 * the answer. */
json_t *agent_question_ask(const struct agent_question *question, const char *command,
                           json_t *arguments);
