#include "cli/doctor/side_by_side.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <uv.h>

#define THREADS 6u
#define LOOK_MS 5u

struct worker { /* of one job; released by whoever is last: its thread, if it is left behind */
    struct side_by_side_job job;
    size_t index;
    uv_thread_t thread;
    uint64_t since_ms;
    uv_mutex_t lock;
    bool ended, left_behind;
};

static void worker_free(struct worker *worker) {
    uv_mutex_destroy(&worker->lock);
    free(worker);
}

static void run_job(void *data) {
    struct worker *worker = data;
    worker->job.run(worker->job.context);
    uv_mutex_lock(&worker->lock);
    worker->ended = true;
    bool left_behind = worker->left_behind;
    uv_mutex_unlock(&worker->lock);
    if (left_behind)
        worker_free(worker);
}

static struct worker *start_job(const struct side_by_side_job *job, size_t index) {
    struct worker *worker = alloc_zero(sizeof *worker);
    worker->job = *job;
    worker->index = index;
    worker->since_ms = clock_monotonic_ms();
    uv_mutex_init(&worker->lock);
    if (uv_thread_create(&worker->thread, run_job, worker) == 0)
        return worker;
    worker_free(worker);
    return NULL;
}

/* True when the place is free for another one. */
static bool settle(struct worker *worker, struct side_by_side_job *jobs, unsigned timeout_ms) {
    bool is_late = clock_monotonic_ms() - worker->since_ms >= timeout_ms;
    uv_thread_t thread = worker->thread;
    uv_mutex_lock(&worker->lock);
    bool ended = worker->ended;
    worker->left_behind = is_late && !ended;
    uv_mutex_unlock(&worker->lock); /* one that is left behind may be gone from here on */
    if (!ended) {
        if (is_late)
            pthread_detach(thread);
        return is_late;
    }
    uv_thread_join(&thread);
    jobs[worker->index].done = true;
    worker_free(worker);
    return true;
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
