/* Writes one XML document, an element a line, indented. Knows no vocabulary. Caller ends every
 * element that it begins, and then calls xml_writer_finish(), which releases the writer. After the
 * first failure every call does nothing. Names are constants of the caller. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

#define XML_WRITER_DEPTH_MAX 16

struct xml_writer {
    struct buffer text;
    const char *names[XML_WRITER_DEPTH_MAX];
    unsigned depth;
    bool open;   /* the last tag that was begun may still get attributes */
    bool failed; /* a text that XML cannot hold */
};

void xml_writer_begin(struct xml_writer *writer, const char *name);
/* Of the element that was begun last, before anything is in it. */
void xml_writer_attribute(struct xml_writer *writer, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void xml_writer_end(struct xml_writer *writer);
/* The same for one that has a text in it and nothing else. */
void xml_writer_end_text(struct xml_writer *writer, const char *text);
/* <name>text</name> */
void xml_writer_text(struct xml_writer *writer, const char *name, const char *text);
/* <name attribute='value'/> */
void xml_writer_empty(struct xml_writer *writer, const char *name, const char *attribute,
                      const char *value);

/* Appends the document to text. ERROR_INVALID: a control character, or not UTF-8; what: names the
 * document. */
bool xml_writer_finish(struct xml_writer *writer, const char *what, struct buffer *text,
                       struct error *error);
