/* Manual pages, written from the command table with the man macros. Pure. */
#pragma once

#include "base/buffer.h"
#include "cli/command.h"

#include <stdbool.h>

void man_write(const struct command *const *table, struct buffer *page); /* pgsup(1) */

/* Each command has a page of its own too, such as pgsup-instance-create(1). */
bool man_has(const struct command *command);        /* false: hidden, or a group */
char *man_page_name(const struct command *command); /* without the section; caller frees */
void man_write_command(const struct command *command, struct buffer *page);

/* For pages of another kind. */
void man_write_heading(struct buffer *page, const char *name, char section, const char *summary);
void man_write_request(struct buffer *page, const char *request, const char *text);
void man_write_text(struct buffer *page,
                    const char *text); /* one line, in which nothing is a request */
