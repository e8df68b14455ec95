/* What a shell offers for the value of an option. Pure. */
#pragma once

#include "base/buffer.h"
#include "cli/command.h"

#include <stdbool.h>

enum command_completes completion_option_completes(const struct option_spec *spec);
/* True if the value is one of several words: "http|drive". */
bool completion_option_has_choices(const struct option_spec *spec);
/* What calls a command besides its path, each after a bar: "|rm|remove|\"instance rm\""; quote:
 * what stands around two words. Caller frees. */
char *completion_option_other_words(const struct command *command, const char *quote);
/* "http|drive" as "http drive"; caller frees. */
char *completion_option_choices(const struct option_spec *spec);
/* The line of a shell's `case` that offers the value: choices stand between before and after. */
struct completion_option_words {
    const char *before, *after;
    const char *(*offer)(enum command_completes kind);
};
void completion_option_write_value(const struct option_spec *spec,
                                   const struct completion_option_words *words,
                                   struct buffer *script);

/* What is offered behind the first argument. */
enum command_completes completion_option_next(const struct command *command);
/* The options of the command that take a value, a blank before and behind each:
 * " --timeout -t "; caller frees. */
char *completion_option_valued(const struct command *command);
/* Calls write for each word that calls a sub-command without its group. */
void completion_option_each_brief(const struct command *const *table, struct buffer *script,
                                  void (*write)(struct buffer *script, const char *word,
                                                const char *summary));
