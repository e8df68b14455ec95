/* Work that may block, on threads that end when there was none for a second. One that stays, as
 * those of libuv's pool do, keeps its stack and, in glibc, some hundred pieces of what it has
 * freed: 150 KB, and four times as much of the heap cannot be given back around them.
 *
 * So many are done at once; others wait, in order. All calls on the loop's thread, but run(). */
#pragma once

#include <stdbool.h>
#include <uv.h>

#define THREAD_WORK_MOST 4u

struct thread_work;
typedef void thread_work_function(struct thread_work *work);

struct thread_work {
    void *data; /* its owner's */
    /* private */
    struct thread_work *next;
    thread_work_function *run, *done;
    uv_async_t ended;
};

/* The loop goes on until done() was called, once. There the work may be started again, or freed. */
void thread_work_start(uv_loop_t *loop, struct thread_work *work, thread_work_function *run,
                       thread_work_function *done);

/* Joins those that have ended, which on macOS keep their stacks until then. */
void thread_work_rest(void);

/* When the loop has ended: waits for the threads that have nothing to do. */
void thread_work_end(void);
