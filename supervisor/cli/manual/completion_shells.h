/* The writers of completion scripts, one for each shell. completion.h picks one of them. */
#pragma once

#include "base/buffer.h"
#include "cli/command.h"

void completion_bash(const struct command *const *table, struct buffer *script);
void completion_zsh(const struct command *const *table, struct buffer *script);
void completion_fish(const struct command *const *table, struct buffer *script);
