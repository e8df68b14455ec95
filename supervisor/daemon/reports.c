#include "daemon/reports.h"

#include "base/alloc.h"
#include "base/log.h"
#include "store/event_table.h"

#include <stdlib.h>
#include <string.h>

#define RECALL_LIMIT 1000u /* reports of a launch */

/* The module is recorded only if it failed, not while it runs. */
/* False: it was only counted. */
static bool record_step(struct journal *journal, int64_t instance, const struct boot_step *step,
                        char *sentence) {
    const struct store_event event = {
        .instance = instance,
        .kind = STORE_EVENT_CLOUD_INIT,
        .text = sentence,
        .stage = (char *)step->stage,
        .module = step->failed && step->module[0] ? (char *)step->module : NULL,
        .result = step->failed                      ? STORE_RESULT_FAILED
                  : step->begins || step->module[0] ? STORE_RESULT_BEGAN
                                                    : STORE_RESULT_ENDED,
    };
    return journal_event(journal, &event);
}

void reports_take(struct journal *journal, struct waiters *waiters, struct vm *vm,
                  const struct report *report) {
    if (!lifecycle_has_process(vm->state) || report->stage == REPORT_OTHER)
        return;
    struct boot_step step = {
        .stage = report_stage_name(report->stage),
        .module = report->module,
        .description = report->description,
        .begins = report->result == REPORT_BEGAN,
        .failed = report->result == REPORT_FAILURE,
        .last = report->stage == REPORT_MODULES_FINAL,
    };
    scoped(alloc_release) char *before = boot_where(&vm->boot);
    scoped(alloc_release) char *sentence = vm_take_boot_step(vm, &step);
    scoped(alloc_release) char *now = boot_where(&vm->boot);
    if (sentence && record_step(journal, vm->instance, &step, sentence) && step.failed &&
        step.module[0]) {
        log_warning("vm=%s cloud-init: %s", vm->name, sentence);
        waiters_progress(waiters, vm, STORE_EVENT_FAILED, sentence);
    }
    bool moves = step.begins || vm->boot.done; /* the end of a module is not shown */
    if (moves && (!before || strcmp(before, now) != 0))
        waiters_progress(waiters, vm, STORE_EVENT_CLOUD_INIT, now);
    waiters_changed(waiters, vm);
}

static void recall_step(struct vm *vm, const struct store_event *event) {
    struct boot_step step = {
        .stage = event->stage,
        .module = event->module ? event->module : "",
        .description = "",
        .begins = event->result == STORE_RESULT_BEGAN,
        .failed = event->result == STORE_RESULT_FAILED,
        .last = strcmp(event->stage, report_stage_name(REPORT_MODULES_FINAL)) == 0,
    };
    free(vm_take_boot_step(vm, &step));
}

void reports_recall(struct store *store, struct vm *vm) {
    struct store_events events = {0};
    const struct event_query asked = {.instance = vm->instance,
                                      .since_ms = vm->launch.phases_ms[PHASE_LAUNCHED],
                                      .limit = RECALL_LIMIT,
                                      .kind = STORE_EVENT_CLOUD_INIT};
    if (asked.since_ms)
        event_table_list(store, &asked, &events, NULL);
    for (size_t i = 0; i < events.count; i++)
        if (events.items[i].stage)
            recall_step(vm, &events.items[i]);
    store_events_done(&events);
}
