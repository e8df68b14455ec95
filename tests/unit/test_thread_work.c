/* Work on threads: so many are done at once and the others in order, a thread takes what comes next
 * and ends when nothing comes, and nothing is lost where there is no thread. */
#include "test.h"

#include "daemon/thread_work.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WORKS = 20 };

static struct {
    struct thread_work works[WORKS];
    pthread_key_t key;
    atomic_uint at_once, most_at_once, threads_ended;
    unsigned begun[WORKS], done, again;
    pthread_mutex_t mutex; /* of begun and count */
    unsigned count;
} seen = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool no_threads;
static unsigned threads_begun;
static uv_thread_cb entry_of_all;

static void on_begin(void *context) {
    pthread_setspecific(seen.key, context); /* so that its end is counted, whatever it did */
    entry_of_all(context);
}

/* In place of uv_thread_create(): tests/unit.cmake. */
int make_thread(uv_thread_t *thread, uv_thread_cb entry, void *context) {
    const uv_thread_options_t options = {.flags = UV_THREAD_NO_FLAGS};
    threads_begun += !no_threads;
    entry_of_all = entry;
    return no_threads ? UV_EAGAIN : uv_thread_create_ex(thread, &options, on_begin, context);
}

static void on_thread_end(void *value) {
    (void)value;
    seen.threads_ended++;
}

static void on_work(struct thread_work *work) {
    unsigned now = ++seen.at_once, most = seen.most_at_once;
    while (now > most && !atomic_compare_exchange_weak(&seen.most_at_once, &most, now))
        ;
    pthread_mutex_lock(&seen.mutex);
    seen.begun[seen.count++] = (unsigned)(work - seen.works);
    pthread_mutex_unlock(&seen.mutex);
    uv_sleep(1);
    seen.at_once--;
}

static void on_done(struct thread_work *work) {
    uv_loop_t *loop = work->data;
    seen.done++;
    if (seen.again) {
        seen.again--;
        thread_work_start(loop, work, on_work, on_done);
    }
}

static void run_all(void) {
    uv_loop_t loop;
    seen.most_at_once = seen.threads_ended = seen.done = seen.count = threads_begun = 0;
    CHECK_INT(uv_loop_init(&loop), 0);
    for (int i = 0; i < WORKS; i++) {
        seen.works[i].data = &loop;
        thread_work_start(&loop, &seen.works[i], on_work, on_done);
    }
    CHECK_INT(seen.done, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&loop), 0);
}

TEST(each_is_done_once_and_no_thread_stays) {
    CHECK(pthread_key_create(&seen.key, on_thread_end) == 0);
    run_all();
    CHECK_INT(seen.done, WORKS);
    CHECK(seen.most_at_once <= THREAD_WORK_MOST);
    CHECK(threads_begun <= THREAD_WORK_MOST);
    thread_work_end();
    CHECK_INT(seen.threads_ended, threads_begun);
    pthread_key_delete(seen.key);
}

TEST(a_thread_without_work_ends_by_itself) {
    CHECK(pthread_key_create(&seen.key, on_thread_end) == 0);
    run_all();
    for (int i = 0; i < 3000 && seen.threads_ended < threads_begun; i++)
        uv_sleep(10);
    CHECK_INT(seen.threads_ended, threads_begun);
    run_all(); /* by others */
    CHECK_INT(seen.done, WORKS);
    thread_work_end();
    CHECK_INT(seen.threads_ended, threads_begun);
    pthread_key_delete(seen.key);
}

TEST(without_a_thread_it_is_done_all_the_same) {
    no_threads = true;
    run_all();
    CHECK_INT(seen.done, WORKS);
    for (unsigned i = 0; i < WORKS; i++)
        CHECK_INT(seen.begun[i], i);
    no_threads = false;
}

TEST(what_is_done_may_start_again) {
    uv_loop_t loop;
    seen.done = seen.count = threads_begun = 0;
    seen.again = WORKS - 1;
    CHECK(pthread_key_create(&seen.key, on_thread_end) == 0);
    CHECK_INT(uv_loop_init(&loop), 0);
    seen.works[0].data = &loop;
    thread_work_start(&loop, &seen.works[0], on_work, on_done);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(seen.done, WORKS);
    CHECK(threads_begun <= THREAD_WORK_MOST);
    CHECK_INT(uv_loop_close(&loop), 0);
    thread_work_end();
    pthread_key_delete(seen.key);
}

int main(void) {
    return test_run();
}
