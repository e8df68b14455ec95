/* Writes one YAML document through libyaml. Knows no seed. Caller writes its events between
 * yaml_writer_begin() and yaml_writer_finish(), which releases the writer; it must not move in
 * between. After the first failure every call does nothing, and finish()
 * reports it: a text with a control character, or one that is not UTF-8. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <yaml.h>

struct yaml_writer {
    yaml_emitter_t emitter;
    struct buffer written;
    bool failed;
    bool control_character; /* why it failed */
};

/* header: text before the document */
void yaml_writer_begin(struct yaml_writer *writer, const char *header);

void yaml_writer_begin_map(struct yaml_writer *writer);
void yaml_writer_end_map(struct yaml_writer *writer);
void yaml_writer_begin_list(struct yaml_writer *writer);
void yaml_writer_end_list(struct yaml_writer *writer);

void yaml_writer_plain(struct yaml_writer *writer, const char *value); /* keys, numbers, booleans */
void yaml_writer_text(struct yaml_writer *writer, const char *value);  /* quoted where needed */
void yaml_writer_lines(struct yaml_writer *writer, const char *value); /* a block, line by line */

void yaml_writer_text_pair(struct yaml_writer *writer, const char *key, const char *value);
void yaml_writer_flag_pair(struct yaml_writer *writer, const char *key, bool value);
/* values: NULL-terminated */
void yaml_writer_list_pair(struct yaml_writer *writer, const char *key, const char *const *values);
/* lines: a text that holds one value in each line */
void yaml_writer_lines_pair(struct yaml_writer *writer, const char *key, const char *lines);

/* Ends the document and appends it to text, header first. what: names it in the error. */
bool yaml_writer_finish(struct yaml_writer *writer, const char *what, struct buffer *text,
                        struct error *error);

/* True if every YAML 1.1 reader takes the bare value for text. */
bool yaml_writer_is_plain(const char *value);
