/* The topics: longer texts than a command's help. Each is a file topics/NAME.md, which is readable
 * as it is, shown by `pgsup help NAME` and installed as pgsup-NAME(7). CMake puts them into the
 * program. */
#pragma once

#include "base/buffer.h"

struct topic {
    const char *name; /* of the file, without ".md" */
    const char *text; /* in Markdown: see markdown.h */
};

extern const struct topic topic_table[]; /* ends with a name of NULL */

const struct topic *topic_find(const char *name); /* NULL: none */
void topic_write_text(const struct topic *topic, struct buffer *text);
void topic_write_man(const struct topic *topic, struct buffer *page);
/* A list of all, for the end of a help text. */
void topic_write_list(struct buffer *text);
