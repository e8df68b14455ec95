/* Questions to a guest's agent over its socket, one after the other, each with deadlines. Blocks.
 * QEMU serves one client of the agent: who sleeps between questions calls agent_talk_rest, so that
 * the supervisor and others reach the agent meanwhile. The next question connects again. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "home/home.h"
#include "home/running.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Of each of standard output and error of a program whose output the agent keeps: it drops what is
 * more (GUEST_EXEC_MAX_OUTPUT). */
#define AGENT_KEEPS_MAX_BYTES (16u << 20)

struct agent_talk {
    char *path; /* of the agent's socket */
    int fd;     /* -1: not connected */
    struct qga *qga;
    bool stubborn;     /* Ctrl-C ends no question */
    uint64_t until_ms; /* monotonic; 0: as long as the agent says something */
};

void agent_talk_init(struct agent_talk *talk, const struct home *home,
                     const struct running *running);
void agent_talk_done(struct agent_talk *talk);
void agent_talk_rest(struct agent_talk *talk);

/* arguments is stolen and may be NULL. NULL: error set; the caller owns the answer. */
json_t *agent_talk_ask(struct agent_talk *talk, const char *command, json_t *arguments,
                       struct error *error);
