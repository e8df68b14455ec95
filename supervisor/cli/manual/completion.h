/* Shell completion scripts, written from the command table. Pure. A script asks `pgsup instance
 * list --names-only`, `pgsup snapshot list --names-only NAME` and the like when it needs names. */
#pragma once

#include "base/buffer.h"
#include "cli/command.h"

#include <stdbool.h>

#define COMPLETION_SHELLS "bash|zsh|fish"

/* False: no such shell. */
bool completion_write(const struct command *const *table, const char *shell, struct buffer *script);
