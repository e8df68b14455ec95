/* Help texts, written from the command table. Pure but for help_print(). */
#pragma once

#include "base/buffer.h"
#include "cli/command.h"

#include <stdio.h>

#define HELP_WIDTH 80

/* "pgsup instance create -n NAME [OPTION...]"; caller frees. */
char *help_usage(const struct command *command);
/* NULL: of the program, listing all commands; a group lists its sub-commands. */
void help_write(const struct command *const *table, const struct command *command,
                struct buffer *text);
/* Fifteen lines for who typed "pgsup" alone. */
void help_print_beginning(FILE *file);
void help_print(const struct command *const *table, const struct command *command, FILE *file);
/* The help text of an option with its remark: "virtual processors [default: 2]". Caller frees. */
char *help_of_option(const struct option_spec *spec);

/* For other texts of that look. Words are wrapped into lines that begin at the indent. */
void help_write_wrapped(struct buffer *text, const char *words, size_t indent);
/* "left   right…"; the right side is on the next line if the left one is too long. */
void help_write_row(struct buffer *text, const char *left, const char *right);
