#include "cli/doctor/side_by_side.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>
#include <uv.h>

#define THREADS 6u
#define LOOK_MS 5u

struct worker { /* of one job; it outlives a job that is late */
    struct side_by_side_job job;
    size_t index;
    uv_thread_t thread;
    uint64_t since_ms;
    uv_mutex_t lock;
    bool ended;
};

static void run_job(void *data) {
    struct worker *worker = data;
    worker->job.run(worker->job.context);
    uv_mutex_lock(&worker->lock);
    worker->ended = true;
    uv_mutex_unlock(&worker->lock);
}

static struct worker *start_job(const struct side_by_side_job *job, size_t index) {
    struct worker *worker = alloc_zero(sizeof *worker);
    worker->job = *job;
    worker->index = index;
    worker->since_ms = clock_monotonic_ms();
    uv_mutex_init(&worker->lock);
    if (uv_thread_create(&worker->thread, run_job, worker) == 0)
        return worker;
    uv_mutex_destroy(&worker->lock);
    free(worker);
    return NULL;
}

static bool has_ended(struct worker *worker) {
    uv_mutex_lock(&worker->lock);
    bool ended = worker->ended;
    uv_mutex_unlock(&worker->lock);
    return ended;
}

/* True when the place is free for another one. */
static bool settle(struct worker *worker, struct side_by_side_job *jobs, unsigned timeout_ms) {
    if (has_ended(worker)) {
        uv_thread_join(&worker->thread);
        uv_mutex_destroy(&worker->lock);
        jobs[worker->index].done = true;
        free(worker);
        return true;
    }
    return clock_monotonic_ms() - worker->since_ms >= timeout_ms; /* left behind */
}

bool side_by_side_run(struct side_by_side_job *jobs, size_t count, unsigned timeout_ms) {
    struct worker *workers[THREADS] = {NULL};
    size_t next = 0, settled = 0;
    while (settled < count) {
        bool moved = false;
        for (size_t i = 0; i < THREADS; i++) {
            if (workers[i] && settle(workers[i], jobs, timeout_ms)) {
                workers[i] = NULL;
                settled++, moved = true;
            }
            if (workers[i] || next == count)
                continue;
            workers[i] = start_job(&jobs[next], next);
            settled += !workers[i]; /* no thread: as if it were late */
            next++, moved = true;
        }
        if (!moved)
            uv_sleep(LOOK_MS);
    }
    for (size_t i = 0; i < count; i++)
        if (!jobs[i].done)
            return false;
    return true;
}
