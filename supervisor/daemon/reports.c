#include "daemon/reports.h"

#include "base/alloc.h"
#include "base/log.h"

#include <string.h>

void reports_take(struct fleet *fleet, const struct store_instance *instance,
                  const struct report *report) {
    struct vm *vm = fleet_get_by_id(fleet, instance->id);
    if (!vm || !lifecycle_has_process(vm->state) || report->stage == REPORT_OTHER)
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
    scoped(alloc_release) char *sentence = boot_take(&vm->boot, &step);
    scoped(alloc_release) char *now = boot_where(&vm->boot);
    if (sentence)
        recorder_event(fleet->recorder, vm->instance, "cloud-init", sentence);
    if (sentence && step.failed && step.module[0]) {
        log_warning("vm=%s cloud-init: %s", vm->name, sentence);
        waiters_progress(&fleet->waiters, vm, "failed", sentence);
    }
    bool moves = step.begins || vm->boot.done; /* between two modules nothing is to be seen */
    if (moves && (!before || strcmp(before, now) != 0))
        waiters_progress(&fleet->waiters, vm, "cloud-init", now);
    waiters_changed(&fleet->waiters, vm);
}
