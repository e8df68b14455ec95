#include "daemon/thread_work.h"

/* Of the whole process, which has one loop. */
static struct {
    struct thread_work *first, *last; /* that wait */
    unsigned under_way;
} line;

static void line_move(void);

static void on_thread(void *context) {
    struct thread_work *work = context;
    work->run(work);
    uv_async_send(&work->ended);
}

static void on_work_closed(uv_handle_t *ended) {
    struct thread_work *work = ended->data;
    line.under_way--;
    work->done(work);
    line_move();
}

static void on_work_ended(uv_async_t *ended) {
    struct thread_work *work = ended->data;
    if (work->has_thread)
        uv_thread_join(&work->thread);
    uv_close((uv_handle_t *)ended, on_work_closed);
}

/* Without a thread it is done here: late is better than never. */
static void work_begin(struct thread_work *work) {
    line.under_way++;
    work->has_thread = uv_thread_create(&work->thread, on_thread, work) == 0;
    if (!work->has_thread)
        on_thread(work);
}

static void line_move(void) {
    while (line.first && line.under_way < THREAD_WORK_MOST) {
        struct thread_work *work = line.first;
        line.first = work->next;
        work_begin(work);
    }
}

void thread_work_start(uv_loop_t *loop, struct thread_work *work, thread_work_function *run,
                       thread_work_function *done) {
    work->run = run;
    work->done = done;
    work->next = NULL;
    uv_async_init(loop, &work->ended, on_work_ended); /* fails for a loop's first one alone */
    work->ended.data = work;
    if (line.first)
        line.last->next = work;
    else
        line.first = work;
    line.last = work;
    line_move();
}
