#include "json_output.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"

#include <stdio.h>
#include <string.h>

void json_output_print(json_t *document) {
    json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
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
