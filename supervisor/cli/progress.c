#include "progress.h"

#include "cli/invocation.h"

#include <stdio.h>
#include <string.h>

void progress_show(void *context, const char *method, json_t *body) {
    const struct invocation *invocation = context;
    const char *kind = json_string_value(json_object_get(body, "kind"));
    const char *text = json_string_value(json_object_get(body, "text"));
    double elapsed = (double)json_integer_value(json_object_get(body, "elapsed_ms")) / 1000;
    if (invocation->quiet || strcmp(method, "progress") != 0 || !kind || !text ||
        strcmp(kind, "qmp") == 0)
        return;
    fprintf(stderr, "%7.1f s  %s: %s\n", elapsed, kind, text);
}
