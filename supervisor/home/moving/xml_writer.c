#include "home/moving/xml_writer.h"

#include "base/alloc.h"
#include "base/text_form.h"

#include <stdlib.h>
#include <string.h>

static void indent(struct xml_writer *writer) {
    for (unsigned i = 0; i < writer->depth; i++)
        buffer_puts(&writer->text, "  ");
}

static void close_tag(struct xml_writer *writer) {
    if (writer->open)
        buffer_puts(&writer->text, ">\n");
    writer->open = false;
}

/* XML 1.0, 2.2 and 2.4; a line feed in an attribute would be read as a blank. */
static const char *reference(char character) {
    switch (character) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '\'': return "&apos;";
    case '"': return "&quot;";
    case '\t': return "&#9;";
    case '\n': return "&#10;";
    default: return NULL;
    }
}

static void escape(struct xml_writer *writer, const char *text) {
    for (size_t left = strlen(text); left && !writer->failed;) {
        const char *instead = reference(*text);
        size_t length = instead || (unsigned char)*text < ' ' ? 1 : text_form_character(text, left);
        if (instead)
            buffer_puts(&writer->text, instead);
        else if (length == 0 || (unsigned char)*text < ' ' || *text == 0x7f)
            writer->failed = true;
        else
            buffer_append(&writer->text, text, length);
        text += length;
        left -= length;
    }
}

void xml_writer_begin(struct xml_writer *writer, const char *name) {
    if (writer->depth == XML_WRITER_DEPTH_MAX)
        abort();
    close_tag(writer);
    indent(writer);
    buffer_printf(&writer->text, "<%s", name);
    writer->names[writer->depth++] = name;
    writer->open = true;
}

void xml_writer_attribute(struct xml_writer *writer, const char *name, const char *format, ...) {
    scoped(buffer_done) struct buffer value = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&value, format, arguments);
    va_end(arguments);
    buffer_printf(&writer->text, " %s='", name);
    escape(writer, value.data ? value.data : "");
    buffer_putc(&writer->text, '\'');
}

void xml_writer_end(struct xml_writer *writer) {
    const char *name = writer->names[--writer->depth];
    if (writer->open) {
        buffer_puts(&writer->text, "/>\n");
        writer->open = false;
        return;
    }
    indent(writer);
    buffer_printf(&writer->text, "</%s>\n", name);
}

void xml_writer_end_text(struct xml_writer *writer, const char *text) {
    buffer_putc(&writer->text, '>');
    escape(writer, text);
    buffer_printf(&writer->text, "</%s>\n", writer->names[--writer->depth]);
    writer->open = false;
}

void xml_writer_text(struct xml_writer *writer, const char *name, const char *text) {
    xml_writer_begin(writer, name);
    xml_writer_end_text(writer, text);
}

void xml_writer_empty(struct xml_writer *writer, const char *name, const char *attribute,
                      const char *value) {
    xml_writer_begin(writer, name);
    xml_writer_attribute(writer, attribute, "%s", value);
    xml_writer_end(writer);
}

bool xml_writer_finish(struct xml_writer *writer, const char *what, struct buffer *text,
                       struct error *error) {
    bool good = !writer->failed && writer->depth == 0;
    if (good)
        buffer_append(text, writer->text.data, writer->text.length);
    buffer_done(&writer->text);
    return good || error_set(error, ERROR_INVALID,
                             "%s would hold a control character or bytes that are not UTF-8, which "
                             "XML cannot: choose another path",
                             what);
}
