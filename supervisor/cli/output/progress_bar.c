#include "progress_bar.h"

#include "base/clock.h"
#include "base/name.h"
#include "cli/invocation.h"
#include "cli/terminal/live_lines.h"
#include "cli/terminal/terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR_WIDTH      24
#define TIME_LEFT_SIZE 64
#define LABEL_SIZE     80

static void write_bar(char bar[BAR_WIDTH + 1], uint64_t percent) {
    size_t filled = (size_t)percent * BAR_WIDTH / 100;
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', filled);
    bar[BAR_WIDTH] = '\0';
}

static void write_time_left(uint64_t seconds, char text[TIME_LEFT_SIZE]) {
    if (seconds < 60)
        snprintf(text, TIME_LEFT_SIZE, "%" PRIu64 " s left", seconds);
    else if (seconds < 3600)
        snprintf(text, TIME_LEFT_SIZE, "%" PRIu64 " min %" PRIu64 " s left", seconds / 60,
                 seconds % 60);
    else
        snprintf(text, TIME_LEFT_SIZE, "%" PRIu64 " h %" PRIu64 " min left", seconds / 3600,
                 seconds / 60 % 60);
}

void progress_bar_text(const char *label, const struct progress_bar_moment *moment,
                       char text[PROGRESS_BAR_TEXT_SIZE]) {
    char done[32], total[32], speed[32], left[TIME_LEFT_SIZE] = "";
    uint64_t per_second =
        moment->elapsed_ms
            ? (uint64_t)((double)moment->moved_bytes * 1000 / (double)moment->elapsed_ms)
            : 0;
    name_format_size(moment->done_bytes, done);
    name_format_size(moment->total_bytes, total);
    name_format_size(per_second, speed);
    if (moment->total_bytes == 0) {
        snprintf(text, PROGRESS_BAR_TEXT_SIZE, "%.64s  %s  %s/s", label, done, speed);
        return;
    }
    uint64_t known =
        moment->done_bytes < moment->total_bytes ? moment->done_bytes : moment->total_bytes;
    uint64_t percent = (uint64_t)((double)known * 100 / (double)moment->total_bytes);
    char bar[BAR_WIDTH + 1];
    write_bar(bar, percent);
    if (per_second > 0 && known < moment->total_bytes)
        write_time_left((moment->total_bytes - known) / per_second + 1, left);
    snprintf(text, PROGRESS_BAR_TEXT_SIZE, "%.64s  [%s] %3" PRIu64 "%%  %s of %s  %s/s%s%s", label,
             bar, percent, done, total, speed, *left ? "  " : "", left);
}

void progress_bar_init(struct progress_bar *bar, const char *label,
                       const struct invocation *invocation) {
    uint64_t now = clock_monotonic_ms();
    *bar = (struct progress_bar){
        .label = label,
        .quiet = invocation->quiet,
        .terminal = terminal_is_capable(STDERR_FILENO),
        .started_ms = now,
        .reported_ms = now,
    };
}

/* Another activity begins: earlier transfers say nothing about its speed. */
static void begin_activity(struct progress_bar *bar, const char *doing, uint64_t done_bytes,
                           uint64_t now_ms) {
    if (strncmp(bar->doing, doing, sizeof bar->doing - 1) != 0) {
        progress_bar_done(bar);
        snprintf(bar->doing, sizeof bar->doing, "%s", doing);
        bar->moving = false;
    }
    if (bar->moving && done_bytes >= bar->first_bytes)
        return;
    bar->moving = true;
    bar->first_bytes = done_bytes;
    bar->started_ms = now_ms;
}

bool progress_bar_measure(struct progress_bar *bar, const struct progress_bar_moment *bytes,
                          const char *doing, char text[PROGRESS_BAR_TEXT_SIZE]) {
    uint64_t now = clock_monotonic_ms();
    begin_activity(bar, doing, bytes->done_bytes, now);
    bool finished = bytes->total_bytes > 0 && bytes->done_bytes >= bytes->total_bytes;
    uint64_t interval = bar->terminal ? PROGRESS_REDRAW_MS : PROGRESS_LINE_MS;
    if (bar->quiet || (!(finished && bar->terminal) && now - bar->reported_ms < interval))
        return false;
    char label[LABEL_SIZE];
    struct progress_bar_moment moment = {
        .done_bytes = bytes->done_bytes,
        .total_bytes = bytes->total_bytes,
        .moved_bytes = bytes->done_bytes - bar->first_bytes,
        .elapsed_ms = now - bar->started_ms,
    };
    snprintf(label, sizeof label, "%.40s: %s", bar->label, bar->doing);
    progress_bar_text(label, &moment, text);
    bar->reported_ms = now;
    return true;
}

void progress_bar_report(void *context, const char *doing, uint64_t done_bytes,
                         uint64_t total_bytes) {
    struct progress_bar *bar = context;
    char text[PROGRESS_BAR_TEXT_SIZE];
    const struct progress_bar_moment bytes = {.done_bytes = done_bytes, .total_bytes = total_bytes};
    if (!progress_bar_measure(bar, &bytes, doing, text))
        return;
    if (bar->terminal)
        live_lines_draw_one(stderr, text);
    else
        fprintf(stderr, "%s\n", text);
    bar->drawn = bar->terminal;
}

void progress_bar_note(void *context, const char *sentence) {
    struct progress_bar *bar = context;
    if (bar->quiet)
        return;
    progress_bar_done(bar);
    fprintf(stderr, "%s: %s\n", bar->label, sentence);
}

void progress_bar_done(struct progress_bar *bar) {
    if (bar->drawn)
        fputc('\n', stderr);
    bar->drawn = false;
}
