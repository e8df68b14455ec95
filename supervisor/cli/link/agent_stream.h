/* As agent_command.h, with the program's input and outputs moved while it runs: guest_pipes.h. */
#pragma once

#include "cli/link/agent_process.h"
#include "cli/link/guest_pipes.h"

#include <stdint.h>

struct agent_stream {
    char *const *argv;
    struct guest_pipes *pipes; /* open; the caller closes */
    uint64_t limit_ms;         /* 0: none */
};

/* False: no agent answers, it may not run programs, the program did not end in time (it was ended),
 * Ctrl-C, or its output could not be written here. */
bool agent_stream_exec(struct agent_talk *talk, const struct agent_stream *stream,
                       struct agent_process *process, struct error *error);
