/* A line being typed in a raw terminal: insert and delete, arrows, Home and End, history,
 * completion of the first word. Takes keys and gives the bytes that the terminal is to show. ASCII.
 * Pure. */
#pragma once

#include "base/buffer.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

#define LINE_EDITOR_LIMIT         1024u
#define LINE_EDITOR_HISTORY_LIMIT 100u

enum line_event {
    LINE_NOTHING,
    LINE_ENTERED, /* the line is complete; line_editor_next() begins another one */
    LINE_EOF,     /* Ctrl-D in an empty line, Ctrl-], Ctrl-A C */
};

struct line_editor {
    const char *prompt; /* borrowed */
    struct buffer text;
    size_t cursor;
    struct strv words;   /* for completion */
    struct strv history; /* the oldest first */
    size_t recalled;     /* index in history; its count: none */
    char escape[8];      /* an escape sequence that is not complete */
    size_t escape_length;
    bool prefix; /* Ctrl-A was pressed */
};

enum line_event line_editor_feed(struct line_editor *editor, char key, struct buffer *shown);
const char *line_editor_text(const struct line_editor *editor); /* "" if empty */
/* Shows the prompt, and the text if there is one; line_editor_next() empties it first. */
void line_editor_show(const struct line_editor *editor, struct buffer *shown);
void line_editor_next(struct line_editor *editor, struct buffer *shown);
void line_editor_done(struct line_editor *editor);
