#include "vm_agent.h"

#include "base/clock.h"
#include "machine/agent.h"
#include "machine/vm_words.h"

#define NAMES_FAILURES_MAX 3u
#define AGENT_GRACE_MS     15000u /* a guest is ready before its agent has started */
#define CLOCK_TRIES_MAX    12u    /* of a guest that has just been woken, one each scan */

static void agent_drop(struct vm *vm) {
    agent_close(vm->agent);
    vm->agent = NULL;
}

static void on_answer(void *owner, const struct qga_addresses *addresses) {
    struct vm *vm = owner;
    if (addresses && !vm->agent_answers)
        vm_tell(vm, STORE_EVENT_AGENT, "the agent in the guest answers");
    vm->agent_answers = addresses != NULL;
    if (addresses)
        vm->agent_heard_ms = clock_monotonic_ms();
    vm->agent_reports_address = addresses && addresses->count > 0;
    if (vm->agent_reports_address && vm->plan.by_dhcp)
        vm->listener->addresses(vm->listener->context, vm, addresses);
    agent_drop(vm);
}

void vm_agent_query(struct vm *vm) {
    bool runs =
        vm->state == STATE_BOOTING || vm->state == STATE_RUNNING || vm->state == STATE_READY;
    bool wanted = (vm->plan.by_dhcp || !vm->agent_answers) && !vm->suspend.clock_due;
    if (runs && wanted && vm->agent_open && !vm->agent && vm->plan.files[RUN_FILE_AGENT] &&
        vm->plan.mac)
        vm->agent =
            agent_ask(vm->loop, vm->plan.files[RUN_FILE_AGENT], vm->plan.mac, vm, on_answer);
}

static const char *why_late(const struct vm *vm) {
    return vm->suspend.clock_due ? "it was suspended" : "the computer slept";
}

static void on_time_set(void *owner, const struct qga_addresses *done) {
    struct vm *vm = owner;
    bool good = done != NULL, woken = vm->suspend.clock_due;
    vm->clock = woken ? VM_CLOCK_ITS_OWN : good ? VM_CLOCK_SET : VM_CLOCK_LATE;
    agent_drop(vm);
    if (woken && !good && ++vm->suspend.clock_tries < CLOCK_TRIES_MAX)
        return; /* vm_suspend_set_clock() tries again */
    vm_tell(vm, STORE_EVENT_AGENT,
            good ? "%s: the guest's clock was set"
                 : "%s, and the guest's clock may be behind by that time: its agent did not set it",
            why_late(vm));
    vm->suspend.clock_due = false;
    vm_agent_query(vm);
}

void vm_agent_set_time(struct vm *vm) {
    vm->clock = vm->suspend.clock_due ? VM_CLOCK_ITS_OWN : VM_CLOCK_LATE;
    if (!vm->agent_open || !vm->plan.files[RUN_FILE_AGENT]) {
        vm_tell(vm, STORE_EVENT_AGENT,
                "%s, and the guest's clock may be behind by that time: it has no agent that could "
                "set it",
                why_late(vm));
        return;
    }
    agent_drop(vm);
    vm->clock = VM_CLOCK_ASKED;
    vm->agent = agent_set_time(vm->loop, vm->plan.files[RUN_FILE_AGENT], vm, on_time_set);
}

static void on_thawed(void *owner, const struct qga_addresses *done) {
    struct vm *vm = owner;
    agent_drop(vm);
    vm->thawing = false;
    if (done) {
        vm_tell(vm, STORE_EVENT_AGENT,
                "its file systems, which may have been frozen by a process that was ended, are "
                "thawed");
        vm->listener->thawed(vm->listener->context, vm);
    }
}

void vm_agent_thaw(struct vm *vm) {
    if (!vm->agent_open || vm->thawing || !vm->plan.files[RUN_FILE_AGENT])
        return;
    agent_drop(vm);
    vm->thawing = true;
    vm->agent = agent_thaw(vm->loop, vm->plan.files[RUN_FILE_AGENT], vm, on_thawed);
}

static bool lacks_names(const struct vm *vm, int64_t revision) {
    bool given_up = vm->names.telling == revision && vm->names.failures >= NAMES_FAILURES_MAX;
    return vm->names.told != revision && !given_up;
}

bool vm_agent_wants_names(const struct vm *vm, int64_t revision) {
    return vm->agent_open && vm->agent_answers && !vm->agent && vm->plan.files[RUN_FILE_AGENT] &&
           lacks_names(vm, revision);
}

/* Also of one that this supervisor has found, whose agent has not been asked yet. */
static bool may_have_agent(const struct vm *vm) {
    uint64_t since_ms = vm->agent_heard_ms > vm->since_ms ? vm->agent_heard_ms : vm->since_ms;
    return vm->agent_answers || vm->agent || clock_monotonic_ms() < since_ms + AGENT_GRACE_MS;
}

bool vm_agent_wants_names_otherwise(const struct vm *vm, int64_t revision) {
    return vm->state == STATE_READY && !may_have_agent(vm) && lacks_names(vm, revision);
}

void vm_agent_names_begin(struct vm *vm, int64_t revision) {
    if (vm->names.telling != revision)
        vm->names = (struct vm_names){vm->names.told, revision, 0};
}

void vm_agent_names_end(struct vm *vm, bool good) {
    if (good)
        vm->names.told = vm->names.telling;
    else
        vm->names.failures++;
}

static void on_names_told(void *owner, const struct qga_addresses *done) {
    struct vm *vm = owner;
    if (done)
        vm->names.told = vm->names.telling;
    else if (++vm->names.failures == NAMES_FAILURES_MAX)
        vm_tell(vm, STORE_EVENT_AGENT,
                "the agent did not take over the names of others: the guest has them after its "
                "next boot");
    agent_drop(vm);
}

void vm_agent_tell_names(struct vm *vm, int64_t revision, const char *script) {
    vm_agent_names_begin(vm, revision);
    vm->agent =
        agent_run_script(vm->loop, vm->plan.files[RUN_FILE_AGENT], script, vm, on_names_told);
}

void vm_agent_port_changed(struct vm *vm, bool open, int64_t at_ms) {
    if (!open)
        vm_agent_forget(vm);
    if (open && !vm->agent_open)
        vm->agent_since_ms = at_ms;
    vm->agent_open = open;
    vm_agent_query(vm);
}

void vm_agent_forget(struct vm *vm) {
    agent_drop(vm);
    if (vm->clock == VM_CLOCK_ASKED)
        vm->clock = VM_CLOCK_LATE;
    vm->names = (struct vm_names){0};
    vm->thawing = false;
    vm->agent_heard_ms = 0;
    vm->agent_open = vm->agent_answers = vm->agent_reports_address = false;
}
