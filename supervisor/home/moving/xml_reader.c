#include "home/moving/xml_reader.h"

#include "base/alloc.h"
#include "base/buffer.h"

#include <expat.h>
#include <string.h>

#define PATH_MAX_BYTES 512

struct xml_reader {
    XML_Parser parser;
    const struct xml_reader_form *form;
    void *context;
    struct buffer path;
    struct buffer text; /* of the element that was begun last */
    unsigned depth, elements;
    struct error *error;
};

/* Expat 2.9 has another function for it, and warns of the old one. */
static unsigned long long line_of(XML_Parser parser) {
#if XML_MAJOR_VERSION > 2 || XML_MINOR_VERSION >= 9
    return XML_GetCurrentLineNumber64(parser);
#else
    return XML_GetCurrentLineNumber(parser);
#endif
}

void xml_reader_stop(struct xml_reader *reader, const char *why) {
    error_set(reader->error, ERROR_INVALID, "line %llu: %s", line_of(reader->parser), why);
    XML_StopParser(reader->parser, XML_FALSE);
}

static bool is_stopped(const struct xml_reader *reader) {
    return reader->error->code != ERROR_NONE;
}

void xml_reader_keep(struct xml_reader *reader, char **member, const char *text) {
    if (is_stopped(reader) || *member)
        return;
    if (strlen(text) > XML_READER_TEXT_MAX)
        xml_reader_stop(reader, "a value is too long");
    else
        *member = alloc_string(text);
}

static const char *name_of(const struct xml_reader *reader, const char *name) {
    const char *colon = reader->form->strips_prefixes ? strchr(name, ':') : NULL;
    return colon ? colon + 1 : name;
}

/* --- the parser's calls --- */

static void stop_at_root(struct xml_reader *reader) {
    scoped(alloc_release) char *why =
        alloc_printf("it is not %s %s", reader->form->article, reader->form->what);
    xml_reader_stop(reader, why);
}

static void XMLCALL on_element_start(void *context, const XML_Char *given,
                                     const XML_Char **attributes) {
    struct xml_reader *reader = context;
    const char *name = name_of(reader, given);
    if (is_stopped(reader))
        return;
    if (++reader->elements > XML_READER_ELEMENTS_MAX || ++reader->depth > XML_READER_DEPTH_MAX ||
        reader->path.length + strlen(name) > PATH_MAX_BYTES) {
        xml_reader_stop(reader, "there are too many elements in it, or in one another");
        return;
    }
    if (reader->depth == 1 && strcmp(name, reader->form->root) != 0) {
        stop_at_root(reader);
        return;
    }
    buffer_printf(&reader->path, "%s%s", reader->path.length ? "/" : "", name);
    buffer_clear(&reader->text);
    reader->form->begin(reader->context, reader, reader->path.data, attributes);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int length) {
    struct xml_reader *reader = context;
    if (is_stopped(reader))
        return;
    if (reader->text.length + (size_t)length > XML_READER_LIMIT_BYTES)
        xml_reader_stop(reader, "a value is too long");
    else
        buffer_append(&reader->text, text, (size_t)length);
}

static void XMLCALL on_element_end(void *context, const XML_Char *given) {
    struct xml_reader *reader = context;
    if (is_stopped(reader))
        return;
    reader->form->end(reader->context, reader, reader->path.data,
                      reader->text.data ? reader->text.data : "");
    size_t length = strlen(name_of(reader, given)), left = reader->path.length - length;
    reader->path.length = left ? left - 1 : 0;
    reader->path.data[reader->path.length] = 0;
    buffer_clear(&reader->text);
    reader->depth--;
}

static void XMLCALL on_doctype(void *context, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal) {
    struct xml_reader *reader = context;
    (void)name, (void)system, (void)public, (void)internal;
    if (is_stopped(reader))
        return;
    scoped(alloc_release) char *why =
        alloc_printf("it has a document type, which no %s has", reader->form->what);
    xml_reader_stop(reader, why);
}

static void tell_fault(struct xml_reader *reader) {
    scoped(alloc_release) char *why =
        alloc_printf("it is not XML (%s)", XML_ErrorString(XML_GetErrorCode(reader->parser)));
    xml_reader_stop(reader, why);
}

static void parse_document(struct xml_reader *reader, const char *text, size_t length) {
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_element_start, on_element_end);
    XML_SetCharacterDataHandler(reader->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    if (XML_Parse(reader->parser, text, (int)length, XML_TRUE) == XML_STATUS_ERROR &&
        !is_stopped(reader))
        tell_fault(reader);
}

bool xml_reader_read(const char *text, size_t length, const struct xml_reader_form *form,
                     void *context, struct error *error) {
    struct error problem = {0};
    struct xml_reader reader = {.form = form, .context = context, .error = &problem};
    if (length > XML_READER_LIMIT_BYTES)
        return error_set(error, ERROR_INVALID, "it is longer than %u KiB",
                         XML_READER_LIMIT_BYTES >> 10);
    reader.parser = XML_ParserCreate(NULL);
    if (!reader.parser)
        return error_set(error, ERROR_FAILED, "there is no memory to read it");
    parse_document(&reader, text, length);
    XML_ParserFree(reader.parser);
    buffer_done(&reader.path);
    buffer_done(&reader.text);
    return problem.code == ERROR_NONE || error_copy(error, &problem);
}

/* Expat says "expat_2.5.0". */
const char *xml_reader_library_version(void) {
    const char *words = XML_ExpatVersion(), *number = strchr(words, '_');
    return number ? number + 1 : words;
}
