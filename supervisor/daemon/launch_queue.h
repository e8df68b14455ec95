/* Launches that wait for a worker thread, in order. So many are under way at once that one thread
 * stays free for what else needs one (thread_work.h), the store's writer first of all; a launch
 * begins when a thread is there for it, and its deadline with it. Knows no VM.
 *
 * The caller owns a turn until its end() is called. All calls on the loop's thread but run(). */
#pragma once

#include "daemon/thread_work.h"

#include <stdbool.h>
#include <uv.h>

#define LAUNCH_QUEUE_THREADS (THREAD_WORK_MOST - 1)

struct launch_turn {
    struct thread_work work;
    struct launch_queue *queue;
    struct launch_turn *next;
    bool released; /* it had no turn of its own */
    void (*begin)(struct launch_turn *turn);
    void (*run)(struct launch_turn *turn); /* on a worker thread; may block */
    void (*end)(struct launch_turn *turn);
};

struct launch_queue {
    uv_loop_t *loop;
    struct launch_turn *first, *last; /* that wait */
    unsigned under_way;
    uint64_t moved_ms; /* uv_now() when one ended last that was not released */
};

/* The three functions of the turn are set. Outlives the loop's last turn. */
void launch_queue_add(struct launch_queue *queue, struct launch_turn *turn);
/* The launch of a turn that waits was cancelled: it begins now, whoever else waits, and its run()
 * has nothing to do. That it ends is no progress of the others. */
void launch_queue_release(struct launch_queue *queue, struct launch_turn *turn);
/* A turn that was not released has ended within so long: who waits may go on waiting. */
bool launch_queue_moves(const struct launch_queue *queue, uint64_t within_ms);
