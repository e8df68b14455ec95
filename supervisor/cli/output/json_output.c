#include "json_output.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds have three decimals: 0.1 is not 0.10000000000000001. */
enum { SIGNIFICANT_DIGITS = 15 };

/* Such characters stand only inside strings, where \uNNNN is the same. */
static void print(json_t *document, size_t flags) {
    char *text = json_dumps(document, flags | JSON_REAL_PRECISION(SIGNIFICANT_DIGITS));
    const char *from = text;
    for (const char *at = text; at && *at; at++) {
        uint32_t code = (unsigned char)*at < 0x80 ? 0 : name_hidden_control(at);
        if (!code)
            continue;
        fwrite(from, 1, (size_t)(at - from), stdout);
        printf("\\u%04X", (unsigned)code);
        from = at + (code < 0x800 ? 2 : 3);
        at = from - 1;
    }
    puts(from ? from : "null");
    free(text);
    json_decref(document);
}

void json_output_print(json_t *document) {
    print(document, JSON_INDENT(2) | JSON_ENCODE_ANY);
}

void json_output_line(json_t *document) {
    print(document, JSON_COMPACT | JSON_ENCODE_ANY);
}

json_t *json_output_text(const char *text) {
    if (!text)
        return json_null();
    json_t *string = json_string(text);
    if (string)
        return string;
    scoped(alloc_release) char *printable = name_printable(text, strlen(text), strlen(text));
    return json_string(printable);
}

json_t *json_output_time(int64_t wall_ms) {
    if (wall_ms == 0)
        return json_null();
    char text[CLOCK_RFC3339_SIZE];
    clock_rfc3339(wall_ms, text);
    return json_string(text);
}

json_t *json_output_bytes(uint64_t byte_count) {
    return json_integer((json_int_t)byte_count);
}

json_t *json_output_seconds(uint64_t ms) {
    return json_real((double)ms / 1000);
}

void json_output_schema(json_t *object) {
    json_object_set_new(object, "schema", json_integer(JSON_OUTPUT_SCHEMA));
}
