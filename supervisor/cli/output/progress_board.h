/* Progress of several transfers at the same time, on stderr: on a terminal one redrawn line, with
 * the bar of the only one or the shares of all; elsewhere a line of each every 10 s. Reports may
 * come from several threads. */
#pragma once

#include "cli/output/progress_bar.h"
#include "home/images/image_progress.h"

#include <pthread.h>

#define PROGRESS_BOARD_ROWS 8u

struct progress_board;
struct progress_row_of_board {
    struct progress_board *board;
    struct progress_bar bar;
    struct image_progress progress; /* to be called by whoever transfers */
    bool is_used;
    uint64_t done_bytes, total_bytes;
};
struct progress_board {
    pthread_mutex_t lock;
    const struct invocation *invocation;
    struct progress_row_of_board rows[PROGRESS_BOARD_ROWS];
    bool drawn;
};

void progress_board_init(struct progress_board *board, const struct invocation *invocation);
void progress_board_done(struct progress_board *board);
/* label: borrowed until the end. NULL if all rows are used. */
const struct image_progress *progress_board_begin(struct progress_board *board, const char *label);
void progress_board_end(struct progress_board *board, const struct image_progress *progress);
/* Between these two nothing is drawn, so that lines can be printed. */
void progress_board_hold(struct progress_board *board);
void progress_board_release(struct progress_board *board);
