/* Reads one XML document from anybody, element by element, within limits. Pure.
 *
 * A document type, and with it every entity that XML does not define itself, is refused; so are a
 * document of more than XML_READER_LIMIT_BYTES and elements that are too many, or too deep in one
 * another. What the elements mean is the caller's. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define XML_READER_LIMIT_BYTES  (1u << 20)
#define XML_READER_DEPTH_MAX    32u
#define XML_READER_ELEMENTS_MAX 20000u
#define XML_READER_TEXT_MAX     4096u /* bytes of one value that is kept */

struct xml_reader;
struct xml_reader_form {
    const char *root;     /* its outermost element */
    const char *article;  /* "a", of what it is in messages: */
    const char *what;     /* "domain of libvirt" */
    bool strips_prefixes; /* "ovf:File" is told as "File" */
    /* path: names from the outermost element on, "domain/devices/disk". attributes: name and value
     * in turns, then NULL. */
    void (*begin)(void *context, struct xml_reader *reader, const char *path,
                  const char **attributes);
    /* text: what was in it since its last element. */
    void (*end)(void *context, struct xml_reader *reader, const char *path, const char *text);
};
/* ERROR_INVALID: "line 7: …", which is to follow the file's name. */
bool xml_reader_read(const char *text, size_t length, const struct xml_reader_form *form,
                     void *context, struct error *error);
/* For the two calls above: ends the reading by this sentence. */
void xml_reader_stop(struct xml_reader *reader, const char *why);
/* Keeps the first value that a member gets, of a limited length. */
void xml_reader_keep(struct xml_reader *reader, char **member, const char *text);

const char *xml_reader_library_version(void); /* of expat; static */
