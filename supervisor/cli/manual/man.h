/* The manual page pgsup(1), written from the command table with the man macros. Pure. */
#pragma once

#include "base/buffer.h"
#include "cli/command.h"

void man_write(const struct command *const *table, struct buffer *page);
