#include "daemon/dns_keeper.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "home/names/dns_update.h"

#include <stdlib.h>
#include <string.h>

struct dns_keeper {
    uv_loop_t *loop;
    struct recorder *recorder;
    uv_work_t work;
    bool busy, closing;
    uint64_t not_before_ms;
    char *warned; /* of what; NULL: all is well */
    /* The worker's, while busy. */
    char *home_path;
    struct home home; /* opened by the first work that can */
    bool open;
    struct buffer done;
    struct error problem;
};

static void on_work(uv_work_t *work) {
    struct dns_keeper *keeper = work->data;
    struct error *error = &keeper->problem;
    error_clear(error);
    if (!keeper->open)
        keeper->open = home_open(keeper->home_path, &keeper->home, error);
    if (keeper->open)
        dns_update(&keeper->home, &keeper->done, error);
}

static void free_if_closed(struct dns_keeper *keeper) {
    if (keeper->busy || !keeper->closing)
        return;
    if (keeper->open)
        home_close(&keeper->home);
    buffer_done(&keeper->done);
    free(keeper->warned);
    free(keeper->home_path);
    free(keeper);
}

static void tell_done(struct dns_keeper *keeper) {
    const char *line = keeper->done.data;
    while (line && *line) {
        size_t length = strcspn(line, "\n");
        scoped(alloc_release) char *text = alloc_slice(line, length);
        recorder_event(keeper->recorder, 0, "dns", text);
        log_info("dns: %s", text);
        line += length + (line[length] == '\n');
    }
    buffer_clear(&keeper->done);
}

static void tell_problem(struct dns_keeper *keeper) {
    const char *problem = keeper->problem.text;
    bool failed = keeper->problem.code != ERROR_NONE;
    if (failed && (!keeper->warned || strcmp(keeper->warned, problem) != 0)) {
        scoped(alloc_release) char *text = alloc_printf("names: dns update failed: %s", problem);
        recorder_event(keeper->recorder, 0, "dns", text);
        log_warning("%s; will try again", text);
    }
    alloc_replace(&keeper->warned, failed ? alloc_string(problem) : NULL);
    keeper->not_before_ms = failed ? clock_monotonic_ms() + DNS_KEEPER_RETRY_MS : 0;
}

static void on_worked(uv_work_t *work, int status) {
    struct dns_keeper *keeper = work->data;
    keeper->busy = false;
    if (!keeper->closing && status == 0) {
        tell_done(keeper);
        tell_problem(keeper);
    }
    free_if_closed(keeper);
}

void dns_keeper_look(struct dns_keeper *keeper) {
    if (keeper->busy || clock_monotonic_ms() < keeper->not_before_ms)
        return;
    keeper->busy = true;
    uv_queue_work(keeper->loop, &keeper->work, on_work, on_worked);
}

struct dns_keeper *dns_keeper_new(uv_loop_t *loop, struct recorder *recorder,
                                  const char *home_path) {
    struct dns_keeper *keeper = alloc_zero(sizeof *keeper);
    keeper->loop = loop;
    keeper->recorder = recorder;
    keeper->home_path = alloc_string(home_path);
    keeper->work.data = keeper;
    return keeper;
}

void dns_keeper_close(struct dns_keeper *keeper) {
    if (!keeper)
        return;
    keeper->closing = true;
    if (keeper->busy)
        uv_cancel((uv_req_t *)&keeper->work);
    free_if_closed(keeper);
}
