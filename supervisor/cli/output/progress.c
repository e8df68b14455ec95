#include "progress.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "cli/invocation.h"
#include "cli/output/progress_row.h"
#include "cli/terminal/console_text.h"
#include "cli/terminal/terminal.h"
#include "home/layout.h"
#include "store/event_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_mode(struct progress *progress, struct error *error) {
    const char *word = invocation_option(progress->invocation, "progress");
    if (progress->invocation->quiet || strcmp(word, "none") == 0)
        progress->mode = PROGRESS_NONE;
    else if (strcmp(word, "plain") == 0)
        progress->mode = PROGRESS_PLAIN;
    else if (strcmp(word, "auto") == 0)
        progress->mode = terminal_is_capable(STDERR_FILENO) ? PROGRESS_LIVE : PROGRESS_PLAIN;
    else
        return error_set(error, ERROR_USAGE, "--progress is auto, plain or none, not \"%s\"", word);
    return true;
}

bool progress_init(struct progress *progress, const struct invocation *invocation,
                   struct error *error) {
    *progress = (struct progress){
        .invocation = invocation,
        .verbose = invocation_flag(invocation, "verbose"),
        .lines = {.file = stderr},
        .told_ms = clock_monotonic_ms(),
    };
    return read_mode(progress, error);
}

void progress_done(struct progress *progress) {
    progress_clear(progress);
    strv_done(&progress->names);
}

void progress_add(struct progress *progress, const char *name) {
    strv_push(&progress->names, name);
}

static bool is_shown(const struct progress *progress, json_t *vm) {
    const char *name = json_string_value(json_object_get(vm, "name"));
    for (size_t i = 0; name && i < progress->names.count; i++)
        if (strcmp(progress->names.items[i], name) == 0)
            return true;
    return name && progress->everything && !json_is_null(json_object_get(vm, "pid"));
}

void progress_finish(struct progress *progress, const char *name) {
    struct strv rest = {0};
    for (size_t i = 0; i < progress->names.count; i++)
        if (strcmp(progress->names.items[i], name) != 0)
            strv_push(&rest, progress->names.items[i]);
    strv_done(&progress->names);
    progress->names = rest;
}

void progress_clear(struct progress *progress) {
    live_lines_clear(&progress->lines);
}

/* --- events --- */

/* What is told of where a VM is; the other kinds say how it got there. Why it failed is the
 * command's own last sentence. */
static bool is_news(const struct progress *progress, enum store_event_kind kind) {
    if (kind == STORE_EVENT_QMP || progress->mode == PROGRESS_NONE)
        return false;
    if (progress->verbose)
        return progress->mode == PROGRESS_PLAIN || kind != STORE_EVENT_CLOUD_INIT;
    return progress->mode == PROGRESS_PLAIN &&
           (kind == STORE_EVENT_PHASE || kind == STORE_EVENT_CLOUD_INIT ||
            kind == STORE_EVENT_FAILED || kind == STORE_EVENT_NOTICE);
}

void progress_event(struct progress *progress, const char *method, json_t *body) {
    const char *word = json_string_value(json_object_get(body, "kind"));
    const char *name = json_string_value(json_object_get(body, "name"));
    const char *text = json_string_value(json_object_get(body, "text"));
    double elapsed = (double)json_integer_value(json_object_get(body, "elapsed_ms")) / 1000;
    if (strcmp(method, "progress") != 0 || !word || !name || !text ||
        !is_news(progress, store_event_from_word(word)))
        return;
    scoped(alloc_release) char *safe = name_safe(text);
    progress_clear(progress);
    fprintf(stderr, "%s: %6.1f s  %s: %s\n", name, elapsed, word, safe);
    progress->told_ms = clock_monotonic_ms();
}

/* --- where each VM is --- */

/* Of a VM that is lost its console tells nothing. NULL: it is not, or nobody knows. */
static const char *why_lost(json_t *vm) {
    const char *state = json_string_value(json_object_get(vm, "state"));
    return state && strcmp(state, "lost") == 0 ? json_string_value(json_object_get(vm, "reason"))
                                               : NULL;
}

/* Before its first output a VM's log still ends with what the last boot said. */
static char *detail_of(const struct progress *progress, const char *name, json_t *vm) {
    const struct home *home = progress->invocation->home;
    const char *file = progress->provisions ? LAYOUT_ANSIBLE_LOG : LAYOUT_CONSOLE_LOG;
    bool began = json_object_get(json_object_get(vm, "phases"), "firmware") != NULL;
    if (why_lost(vm))
        return name_safe(why_lost(vm));
    char *stage = progress->provisions ? NULL : progress_row_cloud_init(vm);
    if (stage)
        return stage;
    if (!progress->provisions && !began)
        return alloc_string("");
    scoped(alloc_release) char *path = layout_file(home, name, file);
    return console_text_last_line_of(path, progress->provisions ? "TASK [" : "");
}

static char *row_of(const struct progress *progress, json_t *vm, int name_width) {
    const char *name = json_string_value(json_object_get(vm, "name"));
    scoped(alloc_release) char *detail = detail_of(progress, name, vm);
    scoped(alloc_release) char *shown =
        alloc_printf("%s%s", name, progress->mode == PROGRESS_PLAIN ? ":" : "");
    const struct progress_row row = {
        .name = shown,
        .phase = progress->provisions ? "provisioning" : progress_row_phase(vm),
        .detail = detail,
        .elapsed_ms = progress_row_elapsed_ms(vm, clock_wall_ms()),
        .name_width = name_width,
    };
    return progress_row_text(&row);
}

static int widest_name(const struct progress *progress, json_t *vms) {
    size_t index, width = 0;
    json_t *vm;
    json_array_foreach(vms, index, vm) {
        size_t length = json_string_length(json_object_get(vm, "name"));
        if (is_shown(progress, vm) && length > width)
            width = length;
    }
    return (int)width;
}

void progress_status(struct progress *progress, json_t *status) {
    json_t *vms = json_object_get(status, "vms"), *vm;
    size_t index;
    struct strv rows = {0};
    bool plain = progress->mode == PROGRESS_PLAIN;
    if (plain && clock_monotonic_ms() - progress->told_ms < PROGRESS_QUIET_MS)
        return;
    int width = plain ? 0 : widest_name(progress, vms);
    json_array_foreach(vms, index, vm) {
        if (is_shown(progress, vm))
            strv_take(&rows, row_of(progress, vm, width));
    }
    if (progress->mode == PROGRESS_LIVE)
        live_lines_draw(&progress->lines, &rows);
    for (size_t i = 0; plain && i < rows.count; i++)
        fprintf(stderr, "%s\n", rows.items[i]);
    progress->told_ms = clock_monotonic_ms();
    strv_done(&rows);
}
