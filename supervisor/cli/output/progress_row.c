#include "progress_row.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool has_phase(json_t *vm, const char *phase) {
    return json_object_get(json_object_get(vm, "phases"), phase) != NULL;
}

static const char *member_text(json_t *vm, const char *key) {
    return json_string_value(json_object_get(vm, key));
}

char *progress_row_cloud_init(json_t *vm) {
    const char *stage = member_text(vm, "boot_stage"), *module = member_text(vm, "boot_module");
    if (!stage || strcmp(stage, "done") == 0)
        return NULL;
    return alloc_printf("%s%s%s", stage, module ? ", " : "", module ? module : "");
}

const char *progress_row_phase(json_t *vm) {
    const char *state = member_text(vm, "state");
    if (!state)
        return "unknown";
    if (strcmp(state, "booting") != 0)
        return state;
    if (member_text(vm, "boot_stage") || has_phase(vm, "seed"))
        return "cloud-init";
    if (has_phase(vm, "kernel"))
        return "kernel";
    return has_phase(vm, "firmware") ? "firmware" : state;
}

int64_t progress_row_elapsed_ms(json_t *vm, int64_t now_ms) {
    const char *state = member_text(vm, "state");
    json_t *launched = json_object_get(json_object_get(vm, "phases"), "launched");
    bool boots = state && strcmp(state, "booting") == 0 && launched;
    int64_t since_ms = json_integer_value(boots ? launched : json_object_get(vm, "since_ms"));
    return now_ms > since_ms ? now_ms - since_ms : 0;
}

void progress_row_duration(int64_t elapsed_ms, char text[PROGRESS_ELAPSED_SIZE]) {
    int64_t seconds = elapsed_ms / 1000;
    if (seconds < 3600)
        snprintf(text, PROGRESS_ELAPSED_SIZE, "%" PRId64 ":%02" PRId64, seconds / 60, seconds % 60);
    else
        snprintf(text, PROGRESS_ELAPSED_SIZE, "%" PRId64 ":%02" PRId64 ":%02" PRId64,
                 seconds / 3600, seconds / 60 % 60, seconds % 60);
}

char *progress_row_text(const struct progress_row *row) {
    char elapsed[PROGRESS_ELAPSED_SIZE];
    progress_row_duration(row->elapsed_ms, elapsed);
    return alloc_printf("%-*s  %s %s%s%s", row->name_width, row->name, row->phase, elapsed,
                        *row->detail ? "  " : "", row->detail);
}
