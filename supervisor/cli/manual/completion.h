/* Shell completion scripts, written from the command table. Pure. A script asks `pgsup instance
 * list -q` and `pgsup image list -q` for names when it needs them. */
#pragma once

#include "base/buffer.h"
#include "cli/command.h"

#include <stdbool.h>

#define COMPLETION_SHELLS "bash|zsh|fish"

/* False: no such shell. */
bool completion_write(const struct command *const *table, const char *shell, struct buffer *script);

/* For the writers. */
void completion_bash(const struct command *const *table, struct buffer *script);
void completion_zsh(const struct command *const *table, struct buffer *script);
void completion_fish(const struct command *const *table, struct buffer *script);

/* What the value of an option is; choices are told by the '|' in its word. */
enum command_completes completion_of_value(const struct option_spec *spec);
bool completion_has_choices(const struct option_spec *spec);
/* "http|drive" as "http drive"; caller frees. */
char *completion_choices(const struct option_spec *spec);
/* Shown, and either of the top level (group NULL) or a sub-command of the group. */
bool completion_lists(const struct command *group, const struct command *command);
