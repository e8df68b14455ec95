#include "topic.h"

#include "base/alloc.h"
#include "cli/help.h"
#include "cli/manual/man.h"
#include "cli/manual/markdown.h"

#include <string.h>

const struct topic *topic_find(const char *name) {
    for (const struct topic *topic = topic_table; topic->name; topic++)
        if (strcmp(topic->name, name) == 0)
            return topic;
    return NULL;
}

/* --- as text --- */

#define BODY_INDENT 2
#define CODE_INDENT 6

static void write_text_block(struct buffer *text, const struct markdown_block *block) {
    bool joins = block->kind == block->before &&
                 (block->kind == MARKDOWN_VERBATIM || block->kind == MARKDOWN_ITEM);
    if (!joins)
        buffer_putc(text, '\n');
    switch (block->kind) {
    case MARKDOWN_HEADING: buffer_printf(text, "%s\n", block->text); break;
    case MARKDOWN_PARAGRAPH: help_write_wrapped(text, block->text, BODY_INDENT); break;
    case MARKDOWN_ITEM:
        buffer_puts(text, "  - ");
        help_write_wrapped(text, block->text, BODY_INDENT + 2);
        break;
    case MARKDOWN_VERBATIM:
        buffer_printf(text, "%*s%s\n", *block->text ? CODE_INDENT : 0, "", block->text);
        break;
    case MARKDOWN_ROW:
        help_write_wrapped(text, block->text, BODY_INDENT);
        help_write_wrapped(text, block->rest, CODE_INDENT);
        break;
    }
}

void topic_write_text(const struct topic *topic, struct buffer *text) {
    scoped(alloc_release) char *title = markdown_title(topic->text);
    buffer_printf(text, "%s\n", title);
    markdown_each(topic->text, write_text_block, text);
}

/* --- as a manual page --- */

static void write_man_block(struct buffer *page, const struct markdown_block *block) {
    bool verbatim = block->kind == MARKDOWN_VERBATIM;
    if (block->before == MARKDOWN_VERBATIM && !verbatim)
        buffer_puts(page, ".EE\n");
    if (verbatim && block->before != MARKDOWN_VERBATIM)
        buffer_puts(page, ".PP\n.EX\n");
    switch (block->kind) {
    case MARKDOWN_HEADING: man_write_request(page, "SH", block->text); return;
    case MARKDOWN_PARAGRAPH: buffer_puts(page, ".PP\n"); break;
    case MARKDOWN_ITEM: buffer_puts(page, ".IP \\(bu 2\n"); break;
    case MARKDOWN_VERBATIM: break;
    case MARKDOWN_ROW: buffer_puts(page, ".TP\n"); break;
    }
    man_write_text(page, block->text);
    if (block->rest)
        man_write_text(page, block->rest);
}

void topic_write_man(const struct topic *topic, struct buffer *page) {
    scoped(alloc_release) char *title = markdown_title(topic->text);
    scoped(alloc_release) char *name = alloc_printf("pgsup-%s", topic->name);
    man_write_heading(page, name, '7', title);
    scoped(alloc_release) char *text =
        alloc_printf("## Description\n%s\n## See also\npgsup(1)\n", topic->text);
    markdown_each(text, write_man_block, page);
}

void topic_write_list(struct buffer *text) {
    for (const struct topic *topic = topic_table; topic->name; topic++) {
        scoped(alloc_release) char *title = markdown_title(topic->text);
        help_write_row(text, topic->name, title);
    }
}
