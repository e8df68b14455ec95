/* What commands print with --json: one document, indented, on stdout. */
#pragma once

#include "base/error.h"

#include <jansson.h>
#include <stdint.h>

/* Both print and release it; what changes the direction of text is escaped. */
void json_output_print(json_t *document);
void json_output_line(json_t *document); /* in one line */

json_t *json_output_text(const char *text);     /* NULL: null; bytes outside UTF-8 are escaped */
json_t *json_output_time(int64_t wall_ms);      /* RFC 3339; 0: null */
json_t *json_output_seconds(uint64_t ms);       /* three decimals */
json_t *json_output_bytes(uint64_t byte_count); /* sizes are in bytes */
#define JSON_OUTPUT_SCHEMA 1
/* "schema": 1, first in what is a document, a row or a line of its own. */
void json_output_schema(json_t *object);
