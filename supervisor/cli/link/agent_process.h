/* A process that the guest's agent runs as root: begun, asked for, told to end. */
#pragma once

#include "cli/link/agent_talk.h"

struct agent_process {
    json_int_t pid;
    bool ended;
    int status, signal; /* once it has ended; signal: 0 if it ended by itself */
    struct buffer output, errors;
    bool output_cut, errors_cut; /* there was more than AGENT_KEEPS_MAX_BYTES */
};
void agent_process_done(struct agent_process *process);

/* A word that is not UTF-8 and more input than AGENT_KEEPS_MAX_BYTES are refused. */
bool agent_process_check(const char *const argv[], const struct buffer *input, struct error *error);

/* argv[0] is found in the agent's PATH. input may be NULL. */
bool agent_process_begin(struct agent_process *process, struct agent_talk *talk,
                         const char *const argv[], const struct buffer *input, struct error *error);

/* Sets ended, and what is known then. What it said is told when its outputs are closed. False: it
 * is not known how it ended. */
bool agent_process_ask(struct agent_process *process, struct agent_talk *talk, struct error *error);

/* Tells it and its children to end, unless it has; Ctrl-C ends no question from here on. */
void agent_process_tell_to_end(const struct agent_process *process, struct agent_talk *talk);

/* Why it must end before it ends: Ctrl-C, or its time is over. */
bool agent_process_must_end(uint64_t until_ms, uint64_t limit_ms, struct error *why);
