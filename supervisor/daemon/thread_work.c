#include "daemon/thread_work.h"

/* How long a thread waits for more to do: as long as commands and events follow one another, it is
 * not made anew for each. */
#define IDLE_NS 1000000000u

struct worker {
    bool made; /* only the loop's thread looks */
    bool over;
    uv_thread_t thread;
};

/* Of the whole process, which has one loop. */
static struct {
    uv_mutex_t mutex; /* of what follows */
    uv_cond_t wanted;
    struct thread_work *first, *last; /* that wait */
    unsigned waiting, idle, running;
    bool ending;
    struct worker workers[THREAD_WORK_MOST];
} pool;

static void pool_init(void) {
    uv_mutex_init(&pool.mutex);
    uv_cond_init(&pool.wanted);
}

static void pool_lock(void) {
    static uv_once_t once = UV_ONCE_INIT;
    uv_once(&once, pool_init);
    uv_mutex_lock(&pool.mutex);
}

static void push(struct thread_work *work) {
    work->next = NULL;
    if (pool.first)
        pool.last->next = work;
    else
        pool.first = work;
    pool.last = work;
    pool.waiting++;
}

static struct thread_work *pop(void) {
    struct thread_work *work = pool.first;
    if (work) {
        pool.first = work->next;
        pool.waiting--;
    }
    return work;
}

static struct thread_work *wait_for_work(void) {
    while (!pool.first && !pool.ending) {
        pool.idle++;
        bool late = uv_cond_timedwait(&pool.wanted, &pool.mutex, IDLE_NS) != 0;
        pool.idle--;
        if (late)
            break;
    }
    return pop();
}

static void work_run(struct thread_work *work) { /* unlocked meanwhile */
    uv_mutex_unlock(&pool.mutex);
    work->run(work);
    uv_async_send(&work->ended);
    uv_mutex_lock(&pool.mutex);
}

static void on_thread(void *context) {
    struct worker *worker = context;
    struct thread_work *work;
    pool_lock();
    while ((work = wait_for_work()))
        work_run(work);
    worker->over = true;
    pool.running--;
    uv_mutex_unlock(&pool.mutex);
}

static void worker_join(struct worker *worker) {
    if (worker->made)
        uv_thread_join(&worker->thread);
    worker->made = false;
}

static bool add_worker(void) {
    for (unsigned i = 0; i < THREAD_WORK_MOST; i++) {
        struct worker *worker = &pool.workers[i];
        if (worker->made && !worker->over)
            continue;
        worker_join(worker); /* it holds nothing any more */
        worker->over = false;
        worker->made = uv_thread_create(&worker->thread, on_thread, worker) == 0;
        pool.running += worker->made;
        return worker->made;
    }
    return false;
}

static void on_work_closed(uv_handle_t *ended) {
    struct thread_work *work = ended->data;
    work->done(work);
}

static void on_work_ended(uv_async_t *ended) {
    uv_close((uv_handle_t *)ended, on_work_closed);
}

void thread_work_start(uv_loop_t *loop, struct thread_work *work, thread_work_function *run,
                       thread_work_function *done) {
    work->run = run;
    work->done = done;
    uv_async_init(loop, &work->ended, on_work_ended); /* fails for a loop's first one alone */
    work->ended.data = work;
    pool_lock();
    push(work);
    if (pool.waiting <= pool.idle)
        uv_cond_signal(&pool.wanted);
    else if (!add_worker() && !pool.running)
        work_run(pop()); /* without any thread: late is better than never */
    uv_mutex_unlock(&pool.mutex);
}

void thread_work_rest(void) {
    pool_lock();
    for (unsigned i = 0; i < THREAD_WORK_MOST; i++)
        if (pool.workers[i].made && pool.workers[i].over)
            worker_join(&pool.workers[i]);
    uv_mutex_unlock(&pool.mutex);
}

void thread_work_end(void) {
    pool_lock();
    pool.ending = true;
    uv_cond_broadcast(&pool.wanted);
    uv_mutex_unlock(&pool.mutex);
    for (unsigned i = 0; i < THREAD_WORK_MOST; i++)
        worker_join(&pool.workers[i]);
    pool.ending = false;
}
