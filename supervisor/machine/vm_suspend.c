#include "vm_suspend.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "base/platform.h"
#include "machine/core/suspend_tag.h"
#include "machine/monitor.h"
#include "machine/vm_agent.h"
#include "machine/vm_backup.h"
#include "machine/vm_words.h"

#include <stdlib.h>

#define LIMIT_MS         120000u
#define LIMIT_MS_PER_MIB 60u           /* of a slow disk on a busy machine */
#define NO_AGENT_LOOKS   3u            /* one each scan */
#define SPARE_BYTES      (64ull << 20) /* beside the memory: devices, and the list itself */

/* --- what can be known before --- */

static bool check_space(const struct vm *vm, struct error *error) {
    uint64_t space = 0, wanted = vm->plan.ram_bytes + SPARE_BYTES;
    char has[32], takes[32];
    if (!platform_free_space(vm->plan.qemu_log, &space) || space >= wanted)
        return true;
    name_format_size(space, has);
    name_format_size(wanted, takes);
    return error_set(error, ERROR_WRONG_STATE,
                     "the disk of the host has %s free, and the memory of %s may take %s: make "
                     "room, or stop it",
                     has, vm->name, takes);
}

bool vm_suspend_check(const struct vm *vm, struct error *error) {
    if (!vm->plan.hardware)
        return error_set(error, ERROR_WRONG_STATE,
                         "%s was not started by this pgsup (but by its vm.sh, or an older one), "
                         "which gives it other hardware: stop it, or keep it in memory by `pgsup "
                         "pause %s`",
                         vm->name, vm->name);
    if (vm_backup_is_worked_on(vm))
        return error_set(error, ERROR_WRONG_STATE,
                         "a snapshot or a backup of %s is being made: try again when it is done",
                         vm->name);
    return check_space(vm, error);
}

uint64_t vm_suspend_limit_ms(const struct vm *vm) {
    return LIMIT_MS + (vm->plan.ram_bytes >> 20) * LIMIT_MS_PER_MIB;
}

bool vm_suspend_is_at_work(const struct vm *vm) {
    bool wakes = vm->state == STATE_STARTING && !vm->preparing && vm->plan.wakes;
    return vm->state == STATE_SUSPENDING || wakes;
}

bool vm_suspend_check_stop(const struct vm *vm, struct error *error) {
    bool saves = vm->state == STATE_SUSPENDING || (vm->state == STATE_LOST && vm->suspend.begun);
    if (!saves && !vm_suspend_is_at_work(vm))
        return true;
    return error_set(
        error, ERROR_WRONG_STATE,
        "the memory of %s is being %s: wait until it %s, or `pgsup stop -f %s` ends it "
        "at once, without its memory",
        vm->name, saves ? "saved" : "loaded", saves ? "is suspended" : "runs", vm->name);
}

/* --- QMP --- */

void vm_suspend_send(struct vm *vm, const char *command, json_t *arguments) {
    const struct qmp_request request = {command, arguments, &vm->suspend};
    monitor_send_within(vm->monitor, &request, vm_suspend_limit_ms(vm));
}

void vm_suspend_look(struct vm *vm) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, "flat", json_true());
    vm_suspend_send(vm, "query-named-block-nodes", arguments);
    vm_suspend_send(vm, "query-block", NULL);
    vm_suspend_send(vm, "query-jobs", NULL);
}

void vm_suspend_begin(struct vm *vm) {
    vm->suspend.begun = true;
    vm->suspend.saves = vm->suspend.recorded = false;
    vm->suspend.began_ms = clock_monotonic_ms();
    vm_backup_hold(vm, &vm->suspend.locks);
    vm->listener->record(vm->listener->context, vm);
}

void vm_suspend_end(struct vm *vm) {
    vm->suspend.begun = false;
    vm_backup_release(&vm->suspend.locks);
}

void vm_suspend_fail(struct vm *vm, const char *why) {
    vm_suspend_end(vm);
    vm->save_failed = true;
    vm_tell(vm, STORE_EVENT_NOTICE, "not suspended, it goes on: %s", why);
    vm->listener->refused(vm->listener->context, vm, "snapshot-save", why);
}

void vm_suspend_retry(struct vm *vm) {
    vm->save_failed = false;
}

char *vm_suspend_outcome(const struct vm *vm) {
    uint64_t took_ms = clock_monotonic_ms() - vm->suspend.began_ms;
    return vm->suspend.began_ms ? alloc_printf("%s, %llu.%llu s", SUSPEND_STATE,
                                               (unsigned long long)(took_ms / 1000),
                                               (unsigned long long)(took_ms % 1000 / 100))
                                : alloc_string(SUSPEND_STATE);
}

/* Its agent is asked as soon as it is there. One that has none is known by it when it is ready. */
void vm_suspend_set_clock(struct vm *vm) {
    bool runs =
        vm->state == STATE_BOOTING || vm->state == STATE_RUNNING || vm->state == STATE_READY;
    if (!vm->suspend.clock_due || !runs || vm->agent)
        return;
    if (vm->agent_open || (vm->state == STATE_READY && ++vm->suspend.clock_tries > NO_AGENT_LOOKS))
        vm_agent_set_time(vm);
    if (!vm->agent_open && vm->suspend.clock_tries > NO_AGENT_LOOKS)
        vm->suspend.clock_due = false;
}

void vm_suspend_forget(struct vm *vm) {
    json_decref(vm->suspend.disks);
    json_decref(vm->suspend.found_jobs);
    free(vm->suspend.memory);
    free(vm->suspend.foreign);
    free(vm->suspend.found_tag);
    vm_backup_release(&vm->suspend.locks);
    vm->suspend = (struct vm_suspend){0};
}
