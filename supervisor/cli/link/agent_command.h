/* Runs a program in a guest as root, by QEMU's guest agent: without network and with or without a
 * supervisor. Each question to the agent is a conversation of its own, so that the supervisor and
 * others reach the agent meanwhile. Blocks, with deadlines; Ctrl-C (base/interrupt.h) ends the
 * program. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "cli/link/agent_question.h"
#include "home/home.h"
#include "home/running.h"

#include <stdbool.h>
#include <stdint.h>

#define AGENT_INPUT_MAX_BYTES                                                                      \
    (16u << 20) /* it comes in one command, which QEMU limits to 64 MiB                            \
                 */

struct agent_command {
    const char *const *argv;    /* argv[0] is found in the agent's PATH; UTF-8 */
    const struct buffer *input; /* NULL: none */
    uint64_t limit_ms;          /* 0: none */
};
struct agent_result {
    int status, signal; /* signal: 0 if it ended by itself */
    struct buffer output, errors;
    bool output_cut, errors_cut; /* there was more */
};
void agent_result_done(struct agent_result *result);

/* False: no agent answers, it may not run programs, the program did not end in time (it was ended),
 * or Ctrl-C; the result holds what it had said if it ended all the same. */
bool agent_command_exec(const struct home *home, const struct running *running,
                        const struct agent_command *command, struct agent_result *result,
                        struct error *error);

/* False too: it ended with another status than 0. */
bool agent_command_run(const struct home *home, const struct running *running,
                       const char *const argv[], uint64_t limit_ms, struct error *error);
