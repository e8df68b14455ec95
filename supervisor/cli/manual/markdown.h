/* The blocks of a text in Markdown, as far as the topics use it: headings, paragraphs, lists,
 * tables and indented lines. Knows nothing of where they go. Pure. */
#pragma once

#include "base/buffer.h"

enum markdown_kind {
    MARKDOWN_HEADING,   /* "## words" */
    MARKDOWN_PARAGRAPH, /* lines, joined */
    MARKDOWN_ITEM,      /* of a list, without its "- " */
    MARKDOWN_VERBATIM,  /* one line that was indented by four columns, or "" between two of them */
    MARKDOWN_ROW,       /* of a table: below its first cell, the others; with more than two columns,
                         * each has the heading of its column before it */
};

struct markdown_block { /* lent to the writer */
    enum markdown_kind kind;
    enum markdown_kind before; /* the kind of the block before it; a heading at the beginning */
    const char *text;          /* of a row: the first cell */
    const char *rest;          /* of a row: the other cells; NULL */
};

typedef void markdown_writer(struct buffer *out, const struct markdown_block *block);

/* Gives each block to the writer. The title ("# words") is not among them. */
void markdown_each(const char *text, markdown_writer *write, struct buffer *out);
/* The words of the first line that begins with "# "; caller frees. */
char *markdown_title(const char *text);
