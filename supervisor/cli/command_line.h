/* From argv to the exit status: global options, the command with its options and arguments, the
 * home that it needs, and the one line on stderr if it fails. Knows no command by name. */
#pragma once

#include "cli/command.h"

int command_line_run(const struct command *const *table, char **argv);
