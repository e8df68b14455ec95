#include "vm_phases.h"

#include "base/clock.h"
#include "machine/vm_words.h"

void vm_heard_of(struct vm *vm) {
    if (vm->silent)
        vm_excuse(vm, "the guest is heard of");
}

/* A phase is ignored when a later one was seen (a quiet kernel shows first by its agent). */
static bool is_overtaken(const struct vm *vm, enum store_phase phase) {
    for (int later = (int)phase; later <= PHASE_READY; later++)
        if (vm->launch.phases_ms[later])
            return true;
    return vm->launch.phases_ms[phase] != 0;
}

/* The time between phases stays correct when the host's clock is set during the boot. */
static int64_t phase_time(const struct vm *vm) {
    uint64_t since_launch = clock_monotonic_ms() - vm->launched_ms;
    return vm->launched_ms ? vm->launch.phases_ms[PHASE_LAUNCHED] + (int64_t)since_launch
                           : clock_wall_ms();
}

void vm_phase(struct vm *vm, enum store_phase phase) {
    if (is_overtaken(vm, phase) || !lifecycle_has_process(vm->state))
        return;
    vm->launch.phases_ms[phase] = phase_time(vm);
    if (phase == PHASE_LAUNCHED)
        vm->launched_ms = clock_monotonic_ms();
    vm_tell(vm, STORE_EVENT_PHASE, "%s", store_phase_word(phase));
    if (phase >= PHASE_SEED)
        vm_heard_of(vm);
    vm->listener->changed(vm->listener->context, vm);
}

bool vm_expects_phone_home(const struct vm *vm) {
    bool expects = vm->plan.phones_home && !vm->plan.provision_result;
    for (int phase = PHASE_PHONE_HOME; phase < PHASE_COUNT; phase++)
        expects = expects && vm->launch.phases_ms[phase] == 0;
    return expects;
}

void vm_seed_fetched(struct vm *vm) {
    vm->seed_fetched = true;
    vm_phase(vm, PHASE_SEED);
}
