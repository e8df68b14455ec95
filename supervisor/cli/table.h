/* The command table: one row per command, in the order in which help shows them. To add a command,
 * write cmd_NAME.c and add its row here. */
#pragma once

#include "cli/command.h"

#define TABLE_ROWS(X)                                                                              \
    X(cmd_help)                                                                                    \
    X(cmd_version)

#define TABLE_DECLARE(name) extern const struct command name;
TABLE_ROWS(TABLE_DECLARE)
#undef TABLE_DECLARE

extern const struct command *const table_commands[]; /* ends with NULL */
