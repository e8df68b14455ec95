/* Progress of a transfer on stderr: one redrawn line on a terminal, a line every 10 s elsewhere,
 * nothing when quiet. progress_bar_text() is the pure part. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_BAR_TEXT_SIZE 320
#define PROGRESS_REDRAW_MS     100u
#define PROGRESS_LINE_MS       10000u

struct invocation;

struct progress_bar {
    const char *label; /* borrowed */
    char doing[32];    /* the current activity */
    bool quiet, terminal;
    bool drawn; /* the terminal's line is not yet ended */
    uint64_t started_ms, reported_ms;
    uint64_t first_bytes; /* there before this transfer began: not part of its speed */
    bool moving;
};

struct progress_bar_moment {
    uint64_t done_bytes, total_bytes; /* total 0: unknown */
    uint64_t moved_bytes, elapsed_ms; /* for the speed, and the time left */
};

void progress_bar_init(struct progress_bar *bar, const char *label,
                       const struct invocation *invocation);
/* Have the signatures of image_progress; context is the bar. */
void progress_bar_report(void *context, const char *doing, uint64_t done_bytes,
                         uint64_t total_bytes);
/* The same without drawing; of the moment the bytes done and in total count. False while no new
 * line is due. */
bool progress_bar_measure(struct progress_bar *bar, const struct progress_bar_moment *moment,
                          const char *doing, char text[PROGRESS_BAR_TEXT_SIZE]);
void progress_bar_note(void *context, const char *sentence);
void progress_bar_done(struct progress_bar *bar);

void progress_bar_text(const char *label, const struct progress_bar_moment *moment,
                       char text[PROGRESS_BAR_TEXT_SIZE]);
