#include "fetch/emit.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"

#include <stdlib.h>
#include <unistd.h>

static void emit(const struct fetch_report *report) {
    scoped(buffer_done) struct buffer line = {0};
    fetch_report_write(report, &line);
    if (!file_write_all(STDOUT_FILENO, line.data, line.length))
        _exit(EXIT_FAILURE);
}

void emit_progress(uint64_t done_bytes, uint64_t total_bytes) {
    static uint64_t last_ms;
    uint64_t now = clock_monotonic_ms();
    bool finished = total_bytes > 0 && done_bytes >= total_bytes;
    if (!finished && last_ms && now - last_ms < EMIT_INTERVAL_MS)
        return;
    last_ms = now;
    emit(&(struct fetch_report){
        .kind = FETCH_PROGRESS, .done_bytes = done_bytes, .total_bytes = total_bytes});
}

void emit_note(const char *sentence) {
    emit(&(struct fetch_report){.kind = FETCH_NOTE, .text = sentence});
}

void emit_done(enum fetch_pieces pieces) {
    emit(&(struct fetch_report){.kind = FETCH_DONE, .pieces = pieces});
}

void emit_error(const struct error *error) {
    emit(&(struct fetch_report){.kind = FETCH_ERROR, .code = error->code, .text = error->text});
}
