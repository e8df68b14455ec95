#include "progress_bar.h"

#include "base/clock.h"
#include "base/name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR_WIDTH 24

static void write_bar(char bar[BAR_WIDTH + 1], uint64_t percent) {
    size_t filled = (size_t)percent * BAR_WIDTH / 100;
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', filled);
    bar[BAR_WIDTH] = '\0';
}

void progress_bar_text(const char *label, const struct progress_bar_moment *moment,
                       char text[PROGRESS_BAR_TEXT_SIZE]) {
    char done[32], total[32], speed[32];
    uint64_t per_second =
        moment->elapsed_ms
            ? (uint64_t)((double)moment->moved_bytes * 1000 / (double)moment->elapsed_ms)
            : 0;
    name_format_size(moment->done_bytes, done);
    name_format_size(moment->total_bytes, total);
    name_format_size(per_second, speed);
    if (moment->total_bytes == 0) {
        snprintf(text, PROGRESS_BAR_TEXT_SIZE, "%.40s  %s  %s/s", label, done, speed);
        return;
    }
    uint64_t known =
        moment->done_bytes < moment->total_bytes ? moment->done_bytes : moment->total_bytes;
    uint64_t percent = (uint64_t)((double)known * 100 / (double)moment->total_bytes);
    char bar[BAR_WIDTH + 1];
    write_bar(bar, percent);
    snprintf(text, PROGRESS_BAR_TEXT_SIZE, "%.40s  [%s] %3" PRIu64 "%%  %s of %s  %s/s", label, bar,
             percent, done, total, speed);
}

void progress_bar_init(struct progress_bar *bar, const char *label, bool quiet) {
    uint64_t now = clock_monotonic_ms();
    *bar = (struct progress_bar){
        .label = label,
        .quiet = quiet,
        .terminal = isatty(STDERR_FILENO),
        .started_ms = now,
        .reported_ms = now,
    };
}

void progress_bar_report(void *context, uint64_t done_bytes, uint64_t total_bytes) {
    struct progress_bar *bar = context;
    uint64_t now = clock_monotonic_ms();
    if (!bar->moving || done_bytes < bar->first_bytes)
        bar->first_bytes = done_bytes;
    bar->moving = true;
    bool finished = total_bytes > 0 && done_bytes >= total_bytes;
    uint64_t interval = bar->terminal ? PROGRESS_REDRAW_MS : PROGRESS_LINE_MS;
    if (bar->quiet || (!(finished && bar->terminal) && now - bar->reported_ms < interval))
        return;
    char text[PROGRESS_BAR_TEXT_SIZE];
    struct progress_bar_moment moment = {
        .done_bytes = done_bytes,
        .total_bytes = total_bytes,
        .moved_bytes = done_bytes - bar->first_bytes,
        .elapsed_ms = now - bar->started_ms,
    };
    progress_bar_text(bar->label, &moment, text);
    if (bar->terminal)
        fprintf(stderr, "\r\033[K%s", text);
    else
        fprintf(stderr, "%s\n", text);
    bar->reported_ms = now;
    bar->drawn = bar->terminal;
}

void progress_bar_done(struct progress_bar *bar) {
    if (bar->drawn)
        fputc('\n', stderr);
    bar->drawn = false;
}
