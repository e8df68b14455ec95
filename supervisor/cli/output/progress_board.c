#include "cli/output/progress_board.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/name.h"
#include "cli/invocation.h"
#include "cli/terminal/live_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void progress_board_init(struct progress_board *board, const struct invocation *invocation) {
    *board = (struct progress_board){.invocation = invocation};
    pthread_mutex_init(&board->lock, NULL);
}

void progress_board_done(struct progress_board *board) {
    pthread_mutex_destroy(&board->lock);
}

static size_t count_used(const struct progress_board *board) {
    size_t count = 0;
    for (size_t i = 0; i < PROGRESS_BOARD_ROWS; i++)
        count += board->rows[i].is_used;
    return count;
}

static void clear_line(struct progress_board *board) {
    if (board->drawn)
        live_lines_draw_one(stderr, "");
    board->drawn = false;
}

/* "debian-12 45%, mine 12 MiB" */
static void add_share(const struct progress_row_of_board *row, struct buffer *line) {
    char size[32];
    name_format_size(row->done_bytes, size);
    buffer_printf(line, "%s%.40s ", line->length ? ", " : "", row->bar.label);
    if (row->total_bytes)
        buffer_printf(line, "%" PRIu64 "%%",
                      (uint64_t)((double)row->done_bytes * 100 / (double)row->total_bytes));
    else
        buffer_puts(line, size);
}

static void draw(struct progress_board *board, const struct progress_row_of_board *row,
                 const char *text) {
    scoped(buffer_done) struct buffer line = {0};
    if (!row->bar.terminal) {
        fprintf(stderr, "%s\n", text);
        return;
    }
    for (size_t i = 0; count_used(board) > 1 && i < PROGRESS_BOARD_ROWS; i++)
        if (board->rows[i].is_used)
            add_share(&board->rows[i], &line);
    live_lines_draw_one(stderr, line.length ? line.data : text);
    board->drawn = true;
}

static void take_report(void *context, const char *doing, uint64_t done_bytes,
                        uint64_t total_bytes) {
    struct progress_row_of_board *row = context;
    char text[PROGRESS_BAR_TEXT_SIZE];
    const struct progress_bar_moment bytes = {.done_bytes = done_bytes, .total_bytes = total_bytes};
    pthread_mutex_lock(&row->board->lock);
    row->done_bytes = done_bytes;
    row->total_bytes = total_bytes;
    if (progress_bar_measure(&row->bar, &bytes, doing, text))
        draw(row->board, row, text);
    pthread_mutex_unlock(&row->board->lock);
}

static void take_note(void *context, const char *sentence) {
    struct progress_row_of_board *row = context;
    pthread_mutex_lock(&row->board->lock);
    clear_line(row->board);
    progress_bar_note(&row->bar, sentence);
    pthread_mutex_unlock(&row->board->lock);
}

const struct image_progress *progress_board_begin(struct progress_board *board, const char *label) {
    const struct image_progress *begun = NULL;
    pthread_mutex_lock(&board->lock);
    for (size_t i = 0; !begun && i < PROGRESS_BOARD_ROWS; i++) {
        struct progress_row_of_board *row = &board->rows[i];
        if (row->is_used)
            continue;
        *row = (struct progress_row_of_board){
            .board = board, .is_used = true, .progress = {take_report, take_note, row}};
        progress_bar_init(&row->bar, label, board->invocation);
        begun = &row->progress;
    }
    pthread_mutex_unlock(&board->lock);
    return begun;
}

void progress_board_end(struct progress_board *board, const struct image_progress *progress) {
    pthread_mutex_lock(&board->lock);
    clear_line(board);
    if (progress)
        ((struct progress_row_of_board *)progress->context)->is_used = false;
    pthread_mutex_unlock(&board->lock);
}

void progress_board_hold(struct progress_board *board) {
    pthread_mutex_lock(&board->lock);
    clear_line(board);
}

void progress_board_release(struct progress_board *board) {
    pthread_mutex_unlock(&board->lock);
}
