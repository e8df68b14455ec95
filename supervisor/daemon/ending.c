#include "daemon/ending.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/log.h"
#include "machine/vm_suspend.h"

#include <string.h>

#define LAST_TIMEOUT_MS 30000u /* beyond that of the stop */

static void ending_finish(struct ending *ending) {
    store_instances_done(&ending->instances);
    struct call *call = ending->call;
    ending->stage = ENDING_DONE;
    ending->call = NULL;
    if (call)
        call_result(call, json_object());
    ending->close_all(ending->context);
}

/* "one (stopping), two (quitting)"; "" when nothing runs. Caller frees. */
static char *names_of_running(const struct fleet *fleet) {
    struct buffer names = {0};
    for (size_t i = 0; i < fleet->count; i++) {
        const struct vm *vm = fleet->vms[i];
        if (lifecycle_has_process(vm->state))
            buffer_printf(&names, "%s%s (%s)", names.length ? ", " : "", vm->name,
                          lifecycle_state_word(vm->state));
    }
    return buffer_take(&names);
}

static void show_running(const struct ending *ending) {
    scoped(alloc_release) char *names = names_of_running(ending->fleet);
    if (names[0])
        log_info("waiting for %s; %s", names,
                 ending->stage == ENDING_GRACEFUL ? "Ctrl-C again quits them at once"
                                                  : "they are being quit");
}

static void finish_if_idle(struct ending *ending) {
    if ((ending->stage == ENDING_GRACEFUL || ending->stage == ENDING_FORCED) &&
        !fleet_runs(ending->fleet))
        ending_finish(ending);
}

static void on_timeout(uv_timer_t *timer) {
    struct ending *ending = timer->data;
    struct error error = {0};
    scoped(alloc_release) char *names = names_of_running(ending->fleet);
    log_warning("these VMs did not stop and keep running: %s", names);
    error_set(&error, ERROR_TIMEOUT, "the supervisor ended, but these VMs keep running: %s", names);
    if (ending->call)
        call_error(ending->call, &error);
    ending->call = NULL;
    ending_finish(ending);
}

/* One that could not be is stopped when it goes on. */
static bool suspends(const struct ending *ending, const struct vm *vm) {
    struct error why = {0};
    bool runs =
        vm->state == STATE_BOOTING || vm->state == STATE_RUNNING || vm->state == STATE_READY;
    if (!ending->suspends || ending->stage != ENDING_GRACEFUL || !runs)
        return false;
    bool possible = vm->save_failed ? error_set(&why, ERROR_FAILED,
                                                "its memory was not saved, and `pgsup events %s` "
                                                "tells why",
                                                vm->name)
                                    : vm_suspend_check(vm, &why);
    if (!possible)
        log_warning("vm=%s is stopped and not suspended: %s", vm->name, why.text);
    return possible;
}

static void stop_vm(const struct ending *ending, struct vm *vm) {
    struct vm_stop_options options = {.limit_ms = FLEET_STOP_TIMEOUT_MS,
                                      .force = ending->stage == ENDING_FORCED,
                                      .may_escalate = true};
    bool may_stop = options.force || vm_suspend_check_stop(vm, NULL); /* else when it goes on */
    if (suspends(ending, vm))
        vm_request(vm, INPUT_SUSPEND);
    else if (lifecycle_has_process(vm->state) && may_stop)
        vm_stop(vm, &options);
}

/* Another VM that comes after it still runs. */
static bool is_needed(const struct ending *ending, const struct vm *vm) {
    const struct store_instances *all = &ending->instances;
    for (size_t i = 0; ending->stage == ENDING_GRACEFUL && i < all->count; i++) {
        if (!all->items[i].after || strcmp(all->items[i].after, vm->name) != 0)
            continue;
        const struct vm *other = fleet_find(ending->fleet, all->items[i].name);
        if (other && lifecycle_has_process(other->state))
            return true;
    }
    return false;
}

/* Of the VM whose memory takes longest. */
static uint64_t suspend_limit_ms(const struct ending *ending) {
    uint64_t longest_ms = 0;
    for (size_t i = 0; ending->suspends && i < ending->fleet->count; i++) {
        uint64_t limit_ms = vm_suspend_limit_ms(ending->fleet->vms[i]);
        longest_ms = limit_ms > longest_ms ? limit_ms : longest_ms;
    }
    return longest_ms;
}

static void arm_timeout(struct ending *ending) {
    bool forced = ending->stage == ENDING_FORCED;
    uint64_t limit_ms = forced ? 0 : FLEET_STOP_TIMEOUT_MS + suspend_limit_ms(ending);
    uv_timer_start(&ending->timeout, on_timeout, LAST_TIMEOUT_MS + limit_ms, 0);
}

/* Without the store all stop together. */
static void read_order(struct ending *ending) {
    store_instances_done(&ending->instances);
    instance_table_list(ending->fleet->home->store, &ending->instances, NULL);
}

void ending_advance(struct ending *ending) {
    struct fleet *fleet = ending->fleet;
    if (ending->stage == ENDING_DONE)
        return;
    bool forced = ending->stage != ENDING_NOT;
    ending->stage = forced ? ENDING_FORCED : ENDING_GRACEFUL;
    if (!forced)
        fleet_adopt(fleet, NULL); /* also what vm.sh began since the last look */
    fleet->ending = true;
    restarter_disable(ending->restarter);
    if (!forced)
        read_order(ending);
    arm_timeout(ending);
    for (size_t i = 0; !forced && i < fleet->count; i++)
        vm_suspend_retry(fleet->vms[i]);
    for (size_t i = 0; i < fleet->count; i++)
        if (!is_needed(ending, fleet->vms[i]))
            stop_vm(ending, fleet->vms[i]);
    show_running(ending);
    finish_if_idle(ending);
}

void ending_leave(struct ending *ending) {
    if (ending->stage != ENDING_DONE)
        ending_finish(ending);
}

void ending_request(struct ending *ending, enum fleet_end end, struct call *call) {
    if (ending->call) {
        struct error error = {0};
        error_set(&error, ERROR_WRONG_STATE, "the supervisor is ending already");
        call_error(call, &error);
        return;
    }
    ending->call = call;
    ending->suspends = end == FLEET_SUSPENDS && ending->stage == ENDING_NOT;
    if (end == FLEET_LEAVES)
        ending_leave(ending);
    else if (ending->stage == ENDING_NOT)
        ending_advance(ending);
}

void ending_forget_call(struct ending *ending, const struct call *call) {
    if (ending->call == call)
        ending->call = NULL;
}

/* Nobody told it to stop: others came after it, or a stop that was requested before without
 * escalation ended with a running VM. */
static bool runs_on(const struct vm *vm) {
    return vm->state == STATE_STARTING || vm->state == STATE_BOOTING ||
           vm->state == STATE_RUNNING || vm->state == STATE_READY || vm->state == STATE_PAUSED ||
           vm->state == STATE_LOST;
}

static void stop_if_due(struct ending *ending, struct vm *vm) {
    if (runs_on(vm) && !is_needed(ending, vm))
        stop_vm(ending, vm);
}

/* What the VM that has ended came after. */
static void on_ended(struct ending *ending, const struct vm *ended) {
    const struct store_instances *all = &ending->instances;
    for (size_t i = 0; i < all->count; i++) {
        bool is_it = strcmp(all->items[i].name, ended->name) == 0 && all->items[i].after;
        struct vm *before = is_it ? fleet_find(ending->fleet, all->items[i].after) : NULL;
        if (!before || !lifecycle_has_process(before->state))
            continue;
        arm_timeout(ending);
        stop_if_due(ending, before);
        return;
    }
}

void ending_on_change(struct ending *ending, struct vm *vm) {
    bool stops = ending->stage == ENDING_GRACEFUL || ending->stage == ENDING_FORCED;
    if (stops && !lifecycle_has_process(vm->state))
        on_ended(ending, vm);
    else if (stops && vm->state != STATE_STARTING)
        stop_if_due(ending, vm);
    finish_if_idle(ending);
}

void ending_init(struct ending *ending, uv_loop_t *loop) {
    uv_timer_init(loop, &ending->timeout);
    ending->timeout.data = ending;
}
