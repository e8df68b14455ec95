#include "wake.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/name.h"
#include "base/platform.h"
#include "machine/vm_wake.h"

#include <inttypes.h>

/* The two clocks are not read at the same instant, and the second one may be set a little. */
enum { SLEPT_LEAST_MS = 2000 };

static size_t count_of(struct vm *const *vms, size_t count, enum vm_wake_outcome outcome) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += vm_wake_outcome(vms[i]) == outcome;
    return found;
}

static void put_names(struct buffer *text, struct vm *const *vms, size_t count,
                      enum vm_wake_outcome outcome) {
    const char *before = "";
    for (size_t i = 0; i < count; i++) {
        if (vm_wake_outcome(vms[i]) != outcome)
            continue;
        buffer_printf(text, "%s%s", before, vms[i]->name);
        before = ", ";
    }
}

static void put_reasons(struct buffer *text, struct vm *const *vms, size_t count) {
    const char *before = "; ";
    for (size_t i = 0; i < count; i++) {
        if (vm_wake_outcome(vms[i]) != VM_WAKE_SILENT)
            continue;
        buffer_printf(text, "%s%s still silent: %s", before, vms[i]->name,
                      vms[i]->reason ? vms[i]->reason : "it does not answer");
        before = ", ";
    }
}

char *wake_summary(uint64_t slept_ms, struct vm *const *vms, size_t count) {
    struct buffer text = {0};
    uint64_t minutes = slept_ms / 60000;
    size_t right = count_of(vms, count, VM_WAKE_RIGHT);
    if (count_of(vms, count, VM_WAKE_PENDING) > 0)
        return NULL;
    buffer_printf(&text, "the computer slept %" PRIu64 " h %" PRIu64 " min; %zu guest%s set right",
                  minutes / 60, minutes % 60, right, name_plural(right));
    if (count_of(vms, count, VM_WAKE_LATE) > 0) {
        buffer_puts(&text, "; without an agent to set the clock: ");
        put_names(&text, vms, count, VM_WAKE_LATE);
    }
    put_reasons(&text, vms, count);
    return buffer_take(&text);
}

void wake_init(struct wake *wake) {
    *wake = (struct wake){.slept_ms = platform_slept_ms()};
}

/* Who sleeps again before all is told of is told of both. */
static void wake_all(struct wake *wake, struct fleet *fleet, uint64_t slept_ms) {
    wake->night_ms += slept_ms;
    log_info("the computer slept %" PRIu64 " h %" PRIu64 " min: its guests are set right",
             slept_ms / 3600000, slept_ms / 60000 % 60);
    for (size_t i = 0; i < fleet->count; i++)
        vm_wake(fleet->vms[i]);
}

void wake_look(struct wake *wake, struct fleet *fleet) {
    uint64_t before = wake->slept_ms;
    wake->slept_ms = platform_slept_ms();
    if (wake->slept_ms >= before + SLEPT_LEAST_MS) {
        wake_all(wake, fleet, wake->slept_ms - before);
        return;
    }
    if (!wake->night_ms)
        return;
    scoped(alloc_release) char *text = wake_summary(wake->night_ms, fleet->vms, fleet->count);
    if (!text)
        return;
    wake->night_ms = 0;
    log_info("%s", text);
    recorder_event(fleet->recorder, 0, STORE_EVENT_NOTICE, text);
}
