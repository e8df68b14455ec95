/* The folder of guest_pipes.h in the guest, and the four processes that serve it there. */
#pragma once

#include "cli/link/agent_talk.h"

/* NULL: this guest cannot, for whatever reason; or error set. The caller owns the path. */
char *guest_pipe_folder_make(struct agent_talk *talk, bool with_input, struct error *error);
