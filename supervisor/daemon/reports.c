#include "daemon/reports.h"

#include "base/alloc.h"
#include "base/log.h"
#include "store/event_table.h"

#include <stdlib.h>
#include <string.h>

#define EVENT_KIND   "cloud-init"
#define RECALL_LIMIT 1000u /* events of a launch; the reports are among its first */

void reports_take(struct recorder *recorder, struct waiters *waiters, struct vm *vm,
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
    if (sentence)
        recorder_event(recorder, vm->instance, EVENT_KIND, sentence);
    if (sentence && step.failed && step.module[0]) {
        log_warning("vm=%s cloud-init: %s", vm->name, sentence);
        waiters_progress(waiters, vm, "failed", sentence);
    }
    bool moves = step.begins || vm->boot.done; /* between two modules nothing is to be seen */
    if (moves && (!before || strcmp(before, now) != 0))
        waiters_progress(waiters, vm, EVENT_KIND, now);
    waiters_changed(waiters, vm);
}

/* sentence: one that boot_take() gave out. */
static void recall_sentence(struct vm *vm, const char *sentence) {
    scoped(alloc_release) char *name = alloc_slice(sentence, strcspn(sentence, " "));
    const char *verb = sentence + strlen(name);
    char *slash = strchr(name, '/');
    if (slash)
        *slash = 0;
    struct boot_step step = {
        .stage = name,
        .module = slash ? slash + 1 : "",
        .description = "",
        .begins = strcmp(verb, " began") == 0,
        .failed = slash || strchr(verb, ','),
        .last = strcmp(name, report_stage_name(REPORT_MODULES_FINAL)) == 0,
    };
    free(vm_take_boot_step(vm, &step));
}

void reports_recall(struct store *store, struct vm *vm) {
    struct store_events events = {0};
    const struct event_query asked = {.instance = vm->instance,
                                      .since_ms = vm->launch.phases_ms[PHASE_LAUNCHED],
                                      .limit = RECALL_LIMIT};
    if (asked.since_ms)
        event_table_list(store, &asked, &events, NULL);
    for (size_t i = 0; i < events.count; i++)
        if (strcmp(events.items[i].kind, EVENT_KIND) == 0)
            recall_sentence(vm, events.items[i].text);
    store_events_done(&events);
}
