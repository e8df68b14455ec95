#include "vm_wake.h"

#include "base/alloc.h"
#include "machine/core/qemu_argv.h"
#include "machine/monitor.h"
#include "machine/probe.h"
#include "machine/vm_agent.h"
#include "machine/vm_private.h"
#include "machine/vm_words.h"

#include <jansson.h>
#include <stdlib.h>

enum stage { ASKED, UNPLUGGED, ASKED_AGAIN, SILENT, ANSWERED };

struct vm_wake {
    struct vm *vm; /* NULL: forgotten, only closing */
    enum stage stage;
    struct probe *probe;
    uv_timer_t timer;
};

static void on_wake_due(uv_timer_t *timer);

static bool runs(const struct vm *vm) {
    return vm->state == STATE_BOOTING || vm->state == STATE_RUNNING || vm->state == STATE_READY;
}

static void on_awake(void *owner) {
    struct vm_wake *wake = owner;
    struct vm *vm = wake->vm;
    bool was_silent = wake->stage == SILENT;
    probe_close(wake->probe);
    wake->probe = NULL;
    uv_timer_stop(&wake->timer);
    if (wake->stage == ASKED_AGAIN)
        vm_tell(vm, STORE_EVENT_NETWORK, "it answers since its card was plugged in again");
    wake->stage = ANSWERED;
    if (was_silent)
        vm_excuse(vm, "it answers again");
}

static void ask_sshd(struct vm_wake *wake, enum stage stage) {
    struct vm *vm = wake->vm;
    wake->stage = stage;
    wake->probe = probe_start(vm->loop, vm->plan.address, vm->plan.port, wake, on_awake);
    probe_on_sign(wake->probe, on_awake);
    uv_timer_start(&wake->timer, on_wake_due, VM_WAKE_ANSWER_MS, 0);
}

static bool set_link(struct vm *vm, bool up) {
    return monitor_send(vm->monitor, "set_link",
                        json_pack("{ss, sb}", "name", QEMU_ARGV_CARD "0", "up", up), NULL);
}

static void unplug(struct vm_wake *wake) {
    probe_close(wake->probe);
    wake->probe = NULL;
    vm_tell(wake->vm, STORE_EVENT_NETWORK,
            "no answer for %u s since the computer woke: its card is unplugged for %u s",
            VM_WAKE_ANSWER_MS / 1000, VM_WAKE_UNPLUGGED_MS / 1000);
    wake->stage = UNPLUGGED;
    set_link(wake->vm, false);
    uv_timer_start(&wake->timer, on_wake_due, VM_WAKE_UNPLUGGED_MS, 0);
}

/* A QEMU that hangs does not take the command: it is asked until it does. */
static void plug_in(struct vm_wake *wake) {
    if (monitor_state(wake->vm->monitor) == QMP_READY && set_link(wake->vm, true))
        ask_sshd(wake, ASKED_AGAIN);
    else
        uv_timer_start(&wake->timer, on_wake_due, VM_WAKE_UNPLUGGED_MS, 0);
}

/* The probe goes on: its answer takes the reason back. */
static void give_up(struct vm_wake *wake) {
    wake->stage = SILENT;
    vm_explain(wake->vm,
               "it does not answer since the computer woke, nor since its card was unplugged for "
               "%u s: stop it and start it again",
               VM_WAKE_UNPLUGGED_MS / 1000);
}

static void on_wake_due(uv_timer_t *timer) {
    struct vm_wake *wake = timer->data;
    if (wake->stage == UNPLUGGED)
        plug_in(wake);
    else if (!runs(wake->vm))
        wake->stage = SILENT; /* it is lost or paused, for a reason of its own */
    else if (wake->stage == ASKED)
        unplug(wake);
    else
        give_up(wake);
}

static void vm_wake_on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void vm_wake_forget(struct vm *vm) {
    struct vm_wake *wake = vm->wake;
    vm->wake = NULL;
    vm->clock = VM_CLOCK_ITS_OWN;
    if (!wake)
        return;
    if (wake->stage == UNPLUGGED)
        set_link(vm, true);
    probe_close(wake->probe);
    wake->vm = NULL;
    uv_close((uv_handle_t *)&wake->timer, vm_wake_on_closed);
}

/* Only a guest that has answered before is asked. */
static bool is_asked(const struct vm *vm) {
    return vm->state == STATE_READY && vm->plan.address && vm->plan.address[0];
}

void vm_wake_announce(struct vm *vm) {
    monitor_send(vm->monitor, "announce-self",
                 json_pack("{si, si, si, si}", "initial", 50, "max", 550, "rounds", 5, "step", 100),
                 NULL);
}

void vm_wake(struct vm *vm) {
    vm_wake_forget(vm);
    if (!runs(vm))
        return;
    vm_wake_announce(vm);
    vm_agent_set_time(vm);
    if (!is_asked(vm))
        return;
    vm->wake = alloc_zero(sizeof *vm->wake);
    vm->wake->vm = vm;
    uv_timer_init(vm->loop, &vm->wake->timer);
    vm->wake->timer.data = vm->wake;
    ask_sshd(vm->wake, ASKED);
}

enum vm_wake_outcome vm_wake_outcome(const struct vm *vm) {
    const struct vm_wake *wake = vm->wake;
    if (vm->clock == VM_CLOCK_ITS_OWN)
        return VM_WAKE_NONE;
    if (vm->state == STATE_LOST || (wake && wake->stage == SILENT))
        return VM_WAKE_SILENT;
    if (vm->clock == VM_CLOCK_ASKED || (wake && wake->stage != ANSWERED))
        return VM_WAKE_PENDING;
    return vm->clock == VM_CLOCK_SET ? VM_WAKE_RIGHT : VM_WAKE_LATE;
}
