#include "progress.h"

#include "cli/invocation.h"
#include "store/event_table.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void progress_clear(struct progress *progress) {
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}

void progress_show(void *context, const char *method, json_t *body) {
    struct progress *progress = context;
    const char *word = json_string_value(json_object_get(body, "kind"));
    enum store_event_kind kind = store_event_from_word(word);
    const char *text = json_string_value(json_object_get(body, "text"));
    double elapsed = (double)json_integer_value(json_object_get(body, "elapsed_ms")) / 1000;
    if (progress->invocation->quiet || strcmp(method, "progress") != 0 || !word || !text ||
        kind == STORE_EVENT_QMP)
        return;
    progress_clear(progress);
    progress->drawn = kind == STORE_EVENT_CLOUD_INIT && isatty(STDERR_FILENO);
    fprintf(stderr, "%7.1f s  %s: %s%s", elapsed, word, text, progress->drawn ? "" : "\n");
}
