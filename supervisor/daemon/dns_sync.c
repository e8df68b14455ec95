#include "daemon/dns_sync.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/thread_work.h"
#include "home/names/dns_update.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct dns_sync {
    uv_loop_t *loop;
    struct recorder *recorder;
    struct thread_work work;
    bool busy;
    atomic_bool closing;
    uint64_t not_before_ms;
    char *warned; /* the problem that was logged last; NULL: none */
    /* Owned by the worker while busy. */
    char *home_path;
    struct home home; /* opened by the first work that succeeds */
    bool open;
    struct buffer done;
    struct error problem;
};

static void on_sync_work(struct thread_work *work) {
    struct dns_sync *sync = work->data;
    struct error *error = &sync->problem;
    error_clear(error);
    if (sync->closing)
        return;
    if (!sync->open)
        sync->open = home_open(sync->home_path, &sync->home, error);
    if (sync->open)
        dns_update(&sync->home, &sync->done, error);
}

static void free_if_closed(struct dns_sync *sync) {
    if (sync->busy || !sync->closing)
        return;
    if (sync->open)
        home_close(&sync->home);
    buffer_done(&sync->done);
    free(sync->warned);
    free(sync->home_path);
    free(sync);
}

static void log_done(struct dns_sync *sync) {
    const char *line = sync->done.data;
    while (line && *line) {
        size_t length = strcspn(line, "\n");
        scoped(alloc_release) char *text = alloc_slice(line, length);
        recorder_event(sync->recorder, 0, STORE_EVENT_DNS, text);
        log_info("dns: %s", text);
        line += length + (line[length] == '\n');
    }
    buffer_clear(&sync->done);
}

static void log_problem(struct dns_sync *sync) {
    const char *problem = sync->problem.text;
    bool failed = sync->problem.code != ERROR_NONE;
    if (failed && (!sync->warned || strcmp(sync->warned, problem) != 0)) {
        scoped(alloc_release) char *text = alloc_printf("names: dns update failed: %s", problem);
        recorder_event(sync->recorder, 0, STORE_EVENT_DNS, text);
        log_warning("%s; will try again", text);
    }
    alloc_replace(&sync->warned, failed ? alloc_string(problem) : NULL);
    sync->not_before_ms = failed ? clock_monotonic_ms() + DNS_SYNC_RETRY_MS : 0;
}

static void on_sync_worked(struct thread_work *work) {
    struct dns_sync *sync = work->data;
    sync->busy = false;
    if (!sync->closing) {
        log_done(sync);
        log_problem(sync);
    }
    free_if_closed(sync);
}

void dns_sync_run(struct dns_sync *sync) {
    if (sync->busy || clock_monotonic_ms() < sync->not_before_ms)
        return;
    sync->busy = true;
    thread_work_start(sync->loop, &sync->work, on_sync_work, on_sync_worked);
}

struct dns_sync *dns_sync_new(uv_loop_t *loop, struct recorder *recorder, const char *home_path) {
    struct dns_sync *sync = alloc_zero(sizeof *sync);
    sync->loop = loop;
    sync->recorder = recorder;
    sync->home_path = alloc_string(home_path);
    sync->work.data = sync;
    return sync;
}

void dns_sync_close(struct dns_sync *sync) {
    if (!sync)
        return;
    sync->closing = true;
    free_if_closed(sync);
}
