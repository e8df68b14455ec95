#include "recorder.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/name.h"
#include "daemon/thread_work.h"
#include "store/commits.h"
#include "store/freeze_table.h"
#include "store/instance_table.h"
#include "store/transaction.h"
#include "store/write_back.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Of the store's log: SQLite's SQLITE_DEFAULT_WAL_AUTOCHECKPOINT, and what a flood may make it. */
enum { LOG_PAGES = 1000, LOG_PAGES_MOST = 4000 };

enum record_kind {
    RECORD_EVENT,
    RECORD_LAUNCH,
    RECORD_GUEST,
    RECORD_ADDRESS,
    RECORD_PROVISIONED,
    RECORD_WANTED,
    RECORD_THAWED,
    RECORD_DROPPED, /* in place of the oldest events */
    RECORD_MARK,    /* writes nothing: reports when those before it are written */
};

struct record {
    struct record *next;
    enum record_kind kind;
    int64_t instance, at_ms;
    bool wanted;
    char *text;               /* of PROVISIONED */
    struct store_event event; /* its at_ms is that of the record */
    unsigned dropped;         /* of DROPPED: events */
    struct store_launch launch;
    struct store_guest guest;
    recorder_on_written *on_written; /* of a mark */
    void *context;
};

struct queue {
    struct record *first, **last;
    unsigned count, events;
    unsigned kinds[STORE_EVENT_KIND_COUNT]; /* events of each */
    struct record *gap;                     /* the record of events that were dropped; NULL: none */
};

struct recorder {
    char *store_path;
    struct store *store; /* the worker's; opened at the first transaction */
    struct queue waiting, applying;
    struct error problem; /* of the worker's last transaction */
    _Atomic uint64_t run; /* of the worker's commits: struct run */
    bool busy, warned, draining;
    struct thread_work work;
    uv_timer_t timer; /* at the end of this turn of the loop, or until the next try */
};

static void record_free(struct record *record, bool written) {
    if (record->on_written)
        record->on_written(record->context, written);
    free(record->text);
    free(record->event.text);
    free(record->event.stage);
    free(record->event.module);
    store_launch_done(&record->launch);
    store_guest_done(&record->guest);
    free(record);
}

static void count_event(struct queue *queue, const struct record *record, int step) {
    if (record->kind != RECORD_EVENT)
        return;
    queue->events += (unsigned)step;
    queue->kinds[record->event.kind] += (unsigned)step;
}

static void queue_init(struct queue *queue) {
    *queue = (struct queue){.last = &queue->first};
}

static struct record *queue_pop(struct queue *queue) {
    struct record *record = queue->first;
    queue->first = record->next;
    if (!queue->first)
        queue->last = &queue->first;
    queue->count--;
    count_event(queue, record, -1);
    if (queue->gap == record)
        queue->gap = NULL;
    return record;
}

static void queue_push(struct queue *queue, struct record *record) {
    *queue->last = record;
    queue->last = &record->next;
    queue->count++;
    count_event(queue, record, 1);
}

static enum store_event_kind most_frequent_kind(const struct queue *queue) {
    enum store_event_kind most = STORE_EVENT_UNKNOWN;
    for (int kind = 0; kind < STORE_EVENT_KIND_COUNT; kind++)
        if (queue->kinds[kind] > queue->kinds[most])
            most = (enum store_event_kind)kind;
    return most;
}

/* The oldest event of the kind that floods becomes the gap, or is removed and counted there. */
static void queue_drop_event(struct queue *queue) {
    enum store_event_kind kind = most_frequent_kind(queue);
    struct record **slot = &queue->first;
    while ((*slot)->kind != RECORD_EVENT || (*slot)->event.kind != kind)
        slot = &(*slot)->next;
    struct record *record = *slot;
    count_event(queue, record, -1);
    if (!queue->gap) {
        record->kind = RECORD_DROPPED;
        record->dropped = 1;
        queue->gap = record;
        return;
    }
    queue->gap->dropped++;
    queue->count--;
    *slot = record->next;
    if (!*slot)
        queue->last = slot;
    record_free(record, false);
}

static void queue_clear(struct queue *queue, bool written) {
    while (queue->first)
        record_free(queue_pop(queue), written);
}

static void queue_move(struct queue *to, struct queue *from) {
    *to = *from;
    if (!to->first)
        to->last = &to->first;
    queue_init(from);
}

static bool apply_dropped(struct store *store, const struct record *record, struct error *error) {
    scoped(alloc_release) char *text =
        alloc_printf("%u event%s dropped while the store could not be written", record->dropped,
                     record->dropped == 1 ? " was" : "s were");
    const struct store_event event = {
        .at_ms = record->at_ms, .kind = STORE_EVENT_DROPPED, .text = text};
    return event_table_add(store, &event, error);
}

static bool apply(struct store *store, const struct record *record, struct error *error) {
    switch (record->kind) {
    case RECORD_EVENT: return event_table_add(store, &record->event, error);
    case RECORD_DROPPED: return apply_dropped(store, record, error);
    case RECORD_LAUNCH: return launch_table_put(store, &record->launch, error);
    case RECORD_GUEST: return guest_table_put(store, record->instance, &record->guest, error);
    case RECORD_ADDRESS:
        return guest_table_set_address(store, record->instance, &record->guest, error);
    case RECORD_PROVISIONED:
        return guest_table_set_provisioned(store, record->instance,
                                           strcmp(record->text, "ok") == 0 ? record->at_ms : 0,
                                           record->text, error);
    case RECORD_WANTED:
        return instance_table_set_wanted(store, record->instance, record->wanted, error);
    case RECORD_THAWED: return freeze_table_remove(store, record->instance, error);
    case RECORD_MARK: break;
    }
    return true;
}

/* A record that is refused (its instance was removed meanwhile) is dropped. Any other failure is
 * one of the store, which may have ended the transaction: all records are tried again later. */
static bool apply_or_drop(struct store *store, const struct record *record, struct error *error) {
    struct error refusal = {0};
    if (apply(store, record, &refusal) || refusal.code != ERROR_FAILED)
        return true;
    return error_copy(error, &refusal);
}

/* Commits one after the other, none of which is another's; as numbers of store_commits(). */
struct run {
    uint32_t after, last;
};

static struct run run_get(const struct recorder *recorder) {
    uint64_t both = atomic_load(&recorder->run);
    return (struct run){(uint32_t)(both >> 32), (uint32_t)both};
}

/* None can be missing between `after` and `last`, and the numbers begin anew after 2^32. */
bool recorder_made_commits(const struct recorder *recorder, uint32_t after, uint32_t last) {
    struct run run = run_get(recorder);
    return after - run.after <= last - run.after && last - run.after <= run.last - run.after;
}

/* before: how many commits there were when the worker had the lock of the store; its own was the
 * next one. */
static void run_add(struct recorder *recorder, uint32_t before) {
    struct run run = run_get(recorder);
    uint32_t after = before == run.last ? run.after : before;
    for (const struct record *record = recorder->applying.first; record; record = record->next)
        if (record->kind == RECORD_WANTED)
            after = before + 1;
    atomic_store(&recorder->run, (uint64_t)after << 32 | (uint32_t)(before + 1));
}

static bool apply_all(struct recorder *recorder, struct error *error) {
    uint32_t before = 0;
    if (!recorder->store) {
        if (!store_open(recorder->store_path, STORE_OPEN, &recorder->store, error))
            return false;
        store_write_back_later(recorder->store);
    }
    uint32_t own = store_own_commits(recorder->store);
    bool good = store_begin(recorder->store, error);
    bool counted = good && store_commits(recorder->store, &before);
    for (struct record *record = recorder->applying.first; record && good; record = record->next)
        good = apply_or_drop(recorder->store, record, error);
    if (!store_end(recorder->store, good, error))
        return false;
    if (counted && store_own_commits(recorder->store) != own) /* else nothing was changed */
        run_add(recorder, before);
    return true;
}

static void on_recorder_work(struct thread_work *work) {
    struct recorder *recorder = work->data;
    error_clear(&recorder->problem);
    apply_all(recorder, &recorder->problem);
}

static void on_write_back_work(struct thread_work *work) {
    struct recorder *recorder = work->data;
    store_write_back(recorder->store);
}

static void recorder_start(struct recorder *recorder);

static void on_recorder_timer(uv_timer_t *timer) {
    struct recorder *recorder = timer->data;
    recorder->busy = false;
    recorder_start(recorder);
}

static void on_recorder_worked(struct thread_work *work) {
    struct recorder *recorder = work->data;
    if (recorder->problem.code != ERROR_NONE) {
        if (!recorder->warned)
            log_warning("cannot write to the store, will try again: %s", recorder->problem.text);
        recorder->warned = true;
        if (recorder->draining)
            return;
        uv_timer_start(&recorder->timer, on_recorder_timer, RECORDER_RETRY_MS, 0);
        return;
    }
    recorder->warned = false;
    queue_clear(&recorder->applying, true); /* who is told may record more, and starts nothing */
    recorder->busy = false;
    recorder_start(recorder);
}

/* Whether the log is long, or so long that records have to wait meanwhile. */
static bool writes_back(const struct recorder *recorder) {
    int limit = recorder->waiting.first ? LOG_PAGES_MOST : LOG_PAGES;
    return !recorder->draining && recorder->store && !recorder->applying.first &&
           store_log_pages(recorder->store) >= limit;
}

/* NULL: none. */
static thread_work_function *next_work(struct recorder *recorder) {
    if (writes_back(recorder))
        return on_write_back_work;
    if (!recorder->applying.first)
        queue_move(&recorder->applying, &recorder->waiting);
    return recorder->applying.first ? on_recorder_work : NULL;
}

static void recorder_start(struct recorder *recorder) {
    thread_work_function *work = recorder->busy ? NULL : next_work(recorder);
    if (!work)
        return;
    recorder->busy = true;
    thread_work_start(recorder->timer.loop, &recorder->work, work, on_recorder_worked);
}

/* Does not start the worker at once: it would hold the first record of a turn, and a follower of
 * the events would wait for two transactions. */
static void recorder_add(struct recorder *recorder, struct record *record) {
    queue_push(&recorder->waiting, record);
    if (recorder->waiting.events > RECORDER_EVENT_LIMIT)
        queue_drop_event(&recorder->waiting);
    if (!recorder->busy)
        uv_timer_start(&recorder->timer, on_recorder_timer, 0, 0);
}

static struct record *record_new(enum record_kind kind, int64_t instance) {
    struct record *record = alloc_zero(sizeof *record);
    record->kind = kind;
    record->at_ms = clock_wall_ms();
    record->instance = instance;
    return record;
}

void recorder_event(struct recorder *recorder, int64_t instance, enum store_event_kind kind,
                    const char *text) {
    const struct store_event event = {.instance = instance, .kind = kind, .text = (char *)text};
    recorder_add_event(recorder, &event);
}

void recorder_add_event(struct recorder *recorder, const struct store_event *event) {
    struct record *record = record_new(RECORD_EVENT, event->instance);
    record->event = *event;
    record->event.at_ms = record->at_ms;
    record->event.text = alloc_string(event->text);
    record->event.stage = alloc_string(event->stage);
    record->event.module = alloc_string(event->module);
    recorder_add(recorder, record);
}

void recorder_launch(struct recorder *recorder, const struct store_launch *launch) {
    struct record *record = record_new(RECORD_LAUNCH, launch->instance);
    record->launch = *launch;
    record->launch.tag = alloc_string(launch->tag);
    record->launch.state = alloc_string(launch->state);
    record->launch.reason = alloc_string(launch->reason);
    record->launch.end_cause = alloc_string(launch->end_cause);
    record->launch.end_text = alloc_string(launch->end_text);
    record->launch.serial_tail = alloc_string(launch->serial_tail);
    recorder_add(recorder, record);
}

void recorder_guest(struct recorder *recorder, int64_t instance, const struct store_guest *guest) {
    struct record *record = record_new(RECORD_GUEST, instance);
    record->guest = *guest;
    record->guest.instance_id = alloc_string(guest->instance_id);
    record->guest.hostname = alloc_string(guest->hostname);
    record->guest.address = alloc_string(guest->address);
    record->guest.address_source = alloc_string(guest->address_source);
    record->guest.host_keys = alloc_string(guest->host_keys);
    record->guest.host_key_problem = alloc_string(guest->host_key_problem);
    record->guest.provision_result = alloc_string(guest->provision_result);
    recorder_add(recorder, record);
}

void recorder_address(struct recorder *recorder, int64_t instance, const char *address,
                      const char *source) {
    struct record *record = record_new(RECORD_ADDRESS, instance);
    record->guest.address = alloc_string(address);
    record->guest.address_source = alloc_string(source);
    record->guest.address_ms = clock_wall_ms();
    recorder_add(recorder, record);
}

void recorder_provisioned(struct recorder *recorder, int64_t instance, const char *result) {
    struct record *record = record_new(RECORD_PROVISIONED, instance);
    record->text = alloc_string(result);
    recorder_add(recorder, record);
}

void recorder_wanted(struct recorder *recorder, int64_t instance, bool wanted) {
    struct record *record = record_new(RECORD_WANTED, instance);
    record->wanted = wanted;
    recorder_add(recorder, record);
}

void recorder_thawed(struct recorder *recorder, int64_t instance) {
    recorder_add(recorder, record_new(RECORD_THAWED, instance));
}

void recorder_when_written(struct recorder *recorder, recorder_on_written *on_written,
                           void *context) {
    struct record *record = record_new(RECORD_MARK, 0);
    record->on_written = on_written;
    record->context = context;
    recorder_add(recorder, record);
}

bool recorder_is_behind(const struct recorder *recorder) {
    return !recorder->warned && (recorder->waiting.first || recorder->applying.first);
}

struct recorder *recorder_new(uv_loop_t *loop, const char *store_path) {
    struct recorder *recorder = alloc_zero(sizeof *recorder);
    recorder->store_path = alloc_string(store_path);
    queue_init(&recorder->waiting);
    queue_init(&recorder->applying);
    recorder->work.data = recorder;
    uv_timer_init(loop, &recorder->timer);
    recorder->timer.data = recorder;
    return recorder;
}

static void on_recorder_closed(uv_handle_t *handle) {
    free(handle->data);
}

void recorder_rest(struct recorder *recorder) {
    if (!recorder->busy && recorder->store)
        store_rest(recorder->store);
}

void recorder_drain(struct recorder *recorder) {
    recorder->draining = true;
    uv_timer_stop(&recorder->timer);
    recorder_start(recorder);
}

/* Tries twice, because this is the last chance: a launch whose end is not in the store counts as
 * one that ended while unsupervised. */
static bool apply_at_last(struct recorder *recorder, struct error *error) {
    if (apply_all(recorder, error))
        return true;
    error_clear(error);
    return apply_all(recorder, error);
}

void recorder_close(struct recorder *recorder) {
    struct error problem = {0};
    while (recorder->applying.first || recorder->waiting.first) {
        if (!recorder->applying.first)
            queue_move(&recorder->applying, &recorder->waiting);
        if (!apply_at_last(recorder, &problem)) {
            unsigned left = recorder->applying.count + recorder->waiting.count;
            log_warning("%u record%s could not be written to the store: %s", left,
                        name_plural(left), problem.text);
            queue_clear(&recorder->waiting, false);
        }
        queue_clear(&recorder->applying, false);
    }
    store_close(recorder->store);
    free(recorder->store_path);
    uv_close((uv_handle_t *)&recorder->timer, on_recorder_closed);
}
