/* Runs a program in a guest as root, by QEMU's guest agent: without network and with or without a
 * supervisor. What it says is kept by the agent until it has ended: agent_stream.h is for more.
 * Blocks, with deadlines; Ctrl-C (base/interrupt.h) ends the program. */
#pragma once

#include "cli/link/agent_process.h"

#include <stdint.h>

struct agent_command {
    const char *const *argv;    /* argv[0] is found in the agent's PATH; UTF-8 */
    const struct buffer *input; /* NULL: none; at most AGENT_KEEPS_MAX_BYTES */
    uint64_t limit_ms;          /* 0: none */
};

/* False: no agent answers, it may not run programs, the program did not end in time (it was ended),
 * or Ctrl-C; the process holds what it had said if it ended all the same. */
bool agent_command_exec(struct agent_talk *talk, const struct agent_command *command,
                        struct agent_process *process, struct error *error);

/* False too: it ended with another status than 0. */
bool agent_command_run(const struct home *home, const struct running *running,
                       const char *const argv[], uint64_t limit_ms, struct error *error);
