#include "waiting_line.h"

#include "base/alloc.h"
#include "base/waiting.h"
#include "cli/terminal/live_lines.h"
#include "cli/terminal/terminal.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_INTERVAL_MS 10000u

static void tell_on_terminal(const char *doing, uint64_t elapsed_ms) {
    scoped(alloc_release) char *text =
        doing ? alloc_printf("%s  %" PRIu64 ":%02" PRIu64, doing, elapsed_ms / 60000,
                             elapsed_ms / 1000 % 60)
              : NULL;
    live_lines_draw_one(stderr, text ? text : "");
}

static void tell_in_lines(const char *doing, uint64_t elapsed_ms) {
    static uint64_t told_ms;
    if (!doing || elapsed_ms < told_ms)
        told_ms = 0;
    if (!doing || elapsed_ms - told_ms < LINE_INTERVAL_MS)
        return;
    told_ms = elapsed_ms;
    fprintf(stderr, "pgsup: %s, %" PRIu64 " s\n", doing, elapsed_ms / 1000);
}

void waiting_line_begin(void) {
    waiting_watch(terminal_is_capable(STDERR_FILENO) ? tell_on_terminal : tell_in_lines);
}
