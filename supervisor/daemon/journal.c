#include "daemon/journal.h"

#include "base/alloc.h"
#include "base/log.h"

#include <stdlib.h>

struct journal {
    struct recorder *recorder;
    struct gather *gather;
    uv_timer_t timer, prompt;
    int open_handles; /* the last close callback frees */
};

static void tell(void *context, const struct gather_message *message) {
    struct journal *journal = context;
    recorder_event(journal->recorder, message->instance, message->kind, message->text);
    if (message->said)
        log_info("%s%s", message->said, message->text);
}

static void on_interval(uv_timer_t *timer) {
    struct journal *journal = timer->data;
    if (!gather_flush(journal->gather, tell, journal))
        uv_timer_stop(timer);
}

static void on_prompt(uv_timer_t *timer) {
    struct journal *journal = timer->data;
    gather_tell_prompt(journal->gather, tell, journal);
}

static bool passes(struct journal *journal, const struct gather_message *message) {
    if (!uv_is_active((uv_handle_t *)&journal->timer))
        uv_timer_start(&journal->timer, on_interval, GATHER_INTERVAL_MS, GATHER_INTERVAL_MS);
    if (gather_take(journal->gather, message))
        return true;
    if (gather_is_prompt(message->kind) && !uv_is_active((uv_handle_t *)&journal->prompt))
        uv_timer_start(&journal->prompt, on_prompt, GATHER_PROMPT_MS, 0);
    return false;
}

void journal_tell(struct journal *journal, const struct gather_message *message) {
    if (passes(journal, message))
        tell(journal, message);
}

bool journal_event(struct journal *journal, const struct store_event *event) {
    const struct gather_message message = {
        .instance = event->instance, .kind = event->kind, .text = event->text};
    if (!passes(journal, &message))
        return false;
    recorder_add_event(journal->recorder, event);
    return true;
}

void journal_forget(struct journal *journal, int64_t instance) {
    gather_forget(journal->gather, instance, tell, journal);
}

struct journal *journal_new(uv_loop_t *loop, struct recorder *recorder) {
    struct journal *journal = alloc_zero(sizeof *journal);
    journal->recorder = recorder;
    journal->gather = gather_new();
    uv_timer_init(loop, &journal->timer);
    uv_timer_init(loop, &journal->prompt);
    journal->timer.data = journal->prompt.data = journal;
    journal->open_handles = 2;
    return journal;
}

static void on_journal_closed(uv_handle_t *handle) {
    struct journal *journal = handle->data;
    if (--journal->open_handles == 0)
        free(journal);
}

void journal_close(struct journal *journal) {
    if (!journal)
        return;
    gather_flush(journal->gather, tell, journal);
    gather_free(journal->gather);
    uv_close((uv_handle_t *)&journal->timer, on_journal_closed);
    uv_close((uv_handle_t *)&journal->prompt, on_journal_closed);
}
