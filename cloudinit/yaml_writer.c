#include "yaml_writer.h"

#include "base/alloc.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Errs on the side of quotes: PyYAML reads a bare 52:54:00:12:34:56 as a number and a bare "no" as
 * false. */
bool yaml_writer_is_plain(const char *value) {
    static const char *const words[] = {"y",   "n",    "yes",   "no",  "on",
                                        "off", "true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(value, words[i]) == 0)
            return false;
    size_t length = strlen(value);
    if (!isalpha((unsigned char)value[0]) && value[0] != '/')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)value[i]) && !strchr("-_./@+= ", value[i]))
            return false;
    return value[length - 1] != ' ';
}

static int append_text(void *context, unsigned char *bytes, size_t length) {
    buffer_append(context, bytes, length);
    return 1;
}

/* initialised: the result of a yaml_…_event_initialize() */
static void emit(struct yaml_writer *writer, yaml_event_t *event, int initialised) {
    if (writer->failed) {
        if (initialised)
            yaml_event_delete(event);
        return;
    }
    writer->failed = !initialised || !yaml_emitter_emit(&writer->emitter, event);
}

void yaml_writer_begin(struct yaml_writer *writer, const char *header) {
    yaml_event_t event;
    *writer = (struct yaml_writer){.failed = false};
    buffer_puts(&writer->written, header);
    if (!yaml_emitter_initialize(&writer->emitter)) {
        writer->failed = true;
        return;
    }
    yaml_emitter_set_output(&writer->emitter, append_text, &writer->written);
    yaml_emitter_set_unicode(&writer->emitter, 1);
    yaml_emitter_set_width(&writer->emitter, -1); /* a key or hash stays on its line */
    emit(writer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(writer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
}

static void end_document(struct yaml_writer *writer) {
    yaml_event_t event;
    emit(writer, &event, yaml_document_end_event_initialize(&event, 1));
    emit(writer, &event, yaml_stream_end_event_initialize(&event));
}

static void release(struct yaml_writer *writer) {
    yaml_emitter_delete(&writer->emitter);
    buffer_done(&writer->written);
}

bool yaml_writer_finish(struct yaml_writer *writer, const char *what, struct buffer *text,
                        struct error *error) {
    end_document(writer);
    bool good = !writer->failed;
    const char *problem = writer->emitter.problem;
    if (good)
        buffer_append(text, writer->written.data, writer->written.length);
    else
        error_set(error, ERROR_INVALID, "cannot write %s: %s", what,
                  writer->control_character ? "a value holds a control character"
                  : problem                 ? problem
                                            : "a value is not UTF-8");
    release(writer);
    return good;
}

void yaml_writer_begin_map(struct yaml_writer *writer) {
    yaml_event_t event;
    int done = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
    emit(writer, &event, done);
}

void yaml_writer_end_map(struct yaml_writer *writer) {
    yaml_event_t event;
    emit(writer, &event, yaml_mapping_end_event_initialize(&event));
}

void yaml_writer_begin_list(struct yaml_writer *writer) {
    yaml_event_t event;
    int done =
        yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
    emit(writer, &event, done);
}

void yaml_writer_end_list(struct yaml_writer *writer) {
    yaml_event_t event;
    emit(writer, &event, yaml_sequence_end_event_initialize(&event));
}

static void scalar(struct yaml_writer *writer, const char *value, yaml_scalar_style_t style) {
    yaml_event_t event;
    int done = yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)value,
                                            (int)strlen(value), 1, 1, style);
    emit(writer, &event, done);
}

void yaml_writer_plain(struct yaml_writer *writer, const char *value) {
    scalar(writer, value, YAML_PLAIN_SCALAR_STYLE);
}

void yaml_writer_text(struct yaml_writer *writer, const char *value) {
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            writer->failed = writer->control_character = true;
    scalar(writer, value,
           yaml_writer_is_plain(value) ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

void yaml_writer_lines(struct yaml_writer *writer, const char *value) {
    scalar(writer, value, YAML_LITERAL_SCALAR_STYLE);
}

void yaml_writer_text_pair(struct yaml_writer *writer, const char *key, const char *value) {
    yaml_writer_plain(writer, key);
    yaml_writer_text(writer, value);
}

void yaml_writer_flag_pair(struct yaml_writer *writer, const char *key, bool value) {
    yaml_writer_plain(writer, key);
    yaml_writer_plain(writer, value ? "true" : "false");
}

void yaml_writer_list_pair(struct yaml_writer *writer, const char *key, const char *const *values) {
    yaml_writer_plain(writer, key);
    yaml_writer_begin_list(writer);
    for (; *values; values++)
        yaml_writer_text(writer, *values);
    yaml_writer_end_list(writer);
}

void yaml_writer_lines_pair(struct yaml_writer *writer, const char *key, const char *lines) {
    yaml_writer_plain(writer, key);
    yaml_writer_begin_list(writer);
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        scoped(alloc_release) char *line = alloc_slice(lines, length);
        yaml_writer_text(writer, line);
        lines += length + (lines[length] == '\n');
    }
    yaml_writer_end_list(writer);
}
