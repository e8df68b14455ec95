#include "power.h"

#include "control/protocol.h"
#include "daemon/vm_json.h"
#include "home/snapshot/suspension.h"
#include "machine/core/suspend_tag.h"
#include "machine/vm_suspend.h"

#define STARTED_TIMEOUT_MS 120000
#define SIMPLE_TIMEOUT_MS  30000

/* Of a start: GOAL_READY with the caller's timeout, or only GOAL_STARTED. */
static struct waiter_goal start_goal(bool wait, uint64_t timeout_ms) {
    return (struct waiter_goal){.goal = wait ? GOAL_READY : GOAL_STARTED,
                                .timeout_ms = wait ? timeout_ms : STARTED_TIMEOUT_MS};
}

/* Asked before anything is changed: a start that is refused must not leave the VM wanted. */
static bool may_start(const struct request *request, const struct vm *vm, struct error *error) {
    if (request->context->fleet->ending)
        return error_set(error, ERROR_WRONG_STATE,
                         "the supervisor is ending: `pgsup up` begins another one");
    if (!vm_is_busy(vm) && !fleet_has_room(request->context->fleet, error))
        return false;
    bool possible = !lifecycle_has_process(vm->state) ||
                    lifecycle_verdict(GOAL_STARTED, vm->state) != VERDICT_IMPOSSIBLE;
    if (!possible)
        waiters_explain(vm, error);
    return possible;
}

bool power_start(struct request *request, struct error *error) {
    bool wait = false;
    bool cold = false;
    uint64_t timeout_ms = POWER_READY_TIMEOUT_MS;
    struct vm *vm = request_vm(request, error);
    if (!vm || !control_get_bool(request->params, "wait", &wait, error) ||
        !control_get_bool(request->params, "cold", &cold, error) ||
        !request_timeout(request, &timeout_ms, error))
        return false;
    if (!may_start(request, vm, error))
        return false;
    vm_set_cold(vm, cold && !vm_is_busy(vm)); /* of this start only */
    request_set_wanted(request, vm, true);
    const struct waiter_goal goal = start_goal(wait, timeout_ms);
    request_wait_for(request, vm, &goal, request_reached);
    vm_start(vm);
    return true;
}

static void on_stopped(void *context, struct vm *vm, const struct error *error) {
    struct request *request = context;
    if (error->code != ERROR_NONE) {
        request_fail(request, error);
        return;
    }
    json_t *body = vm_json(vm);
    json_object_set_new(body, "outcome", vm->outcome ? json_string(vm->outcome) : json_null());
    request_succeed(request, body);
}

bool power_stop(struct request *request, struct error *error) {
    struct vm_stop_options options = {.may_escalate = true};
    uint64_t timeout_ms = FLEET_STOP_TIMEOUT_MS;
    struct vm *vm = request_vm(request, error);
    if (!vm || !control_get_bool(request->params, "force", &options.force, error) ||
        !control_get_bool(request->params, "escalate", &options.may_escalate, error) ||
        !request_timeout(request, &timeout_ms, error))
        return false;
    options.limit_ms = timeout_ms;
    if (!options.force && !vm_suspend_check_stop(vm, error))
        return false;
    request_set_wanted(request, vm, false);
    if (!lifecycle_has_process(vm->state)) {
        request_succeed_already(request, vm);
        return true;
    }
    request_wait_for_end(request, vm, 0, on_stopped);
    vm_stop(vm, &options);
    return true;
}

/* --- stop, then start again --- */

static void on_down_again(void *context, struct vm *vm, const struct error *error) {
    struct request *request = context;
    struct fleet *fleet = request->context->fleet;
    struct error problem = *error;
    request->restarts = false;
    vm_set_restarting(vm, false);
    vm_set_cold(vm, false);
    if (problem.code != ERROR_NONE || !may_start(request, vm, &problem)) {
        request_fail(request, &problem);
        fleet_vm_changed(fleet, vm);
        return;
    }
    request_set_wanted(request, vm, true);
    request_wait_for(request, vm, &request->goal, request_reached);
    vm_start(vm);
}

bool power_restart(struct request *request, struct error *error) {
    struct vm_stop_options options = {.limit_ms = FLEET_STOP_TIMEOUT_MS, .may_escalate = true};
    bool wait = false;
    uint64_t timeout_ms = POWER_READY_TIMEOUT_MS;
    struct vm *vm = request_vm(request, error);
    if (!vm || !control_get_bool(request->params, "wait", &wait, error) ||
        !control_get_bool(request->params, "force", &options.force, error) ||
        !request_timeout(request, &timeout_ms, error))
        return false;
    request->goal = start_goal(wait, timeout_ms);
    if (vm->state == STATE_STARTING) { /* a new QEMU is on its way already */
        request_wait_for(request, vm, &request->goal, request_reached);
        return true;
    }
    if (!options.force && !vm_suspend_check_stop(vm, error))
        return false;
    request_set_wanted(request, vm, false); /* the end that comes now is no crash */
    request->restarts = true;
    vm_set_restarting(vm, true);
    request_wait_for_end(request, vm, 0, on_down_again);
    if (lifecycle_has_process(vm->state))
        vm_stop(vm, &options);
    return true;
}

/* --- memory to disk --- */

/* Another one's stop may end QEMU when all of the memory is on disk. */
static bool is_saved(const struct request *request, const struct vm *vm) {
    struct saved_memory saved;
    bool known = !lifecycle_has_process(vm->state) &&
                 suspension_read(request->context->fleet->home, vm->name, &saved, NULL);
    bool is = known && saved.tag;
    if (known)
        saved_memory_done(&saved);
    return is;
}

static void on_suspended(void *context, struct vm *vm, const struct error *error) {
    struct request *request = context;
    if (error->code != ERROR_NONE && !is_saved(request, vm)) {
        request_fail(request, error);
        return;
    }
    json_t *body = vm_json(vm);
    json_object_set_new(body, "state", json_string(SUSPEND_STATE));
    json_object_set_new(body, "outcome", vm->outcome ? json_string(vm->outcome) : json_null());
    request_succeed(request, body);
}

/* Down already: suspended, or in no state to be, which is no failure for who asks it of all. */
static bool already_suspended(struct request *request, struct vm *vm, struct error *error) {
    struct saved_memory saved;
    bool any = false;
    if (!control_get_bool(request->params, "any", &any, error) ||
        !suspension_read(request->context->fleet->home, vm->name, &saved, error))
        return false;
    bool suspended = saved.tag != NULL;
    saved_memory_done(&saved);
    if (!suspended && !any)
        return error_set(error, ERROR_WRONG_STATE, "%s does not run: `pgsup start %s` starts it",
                         vm->name, vm->name);
    json_t *body = vm_json(vm);
    if (suspended)
        json_object_set_new(body, "state", json_string(SUSPEND_STATE));
    json_object_set_new(body, "outcome", json_null());
    request_succeed(request, body);
    return true;
}

static bool may_suspend(const struct vm *vm, struct error *error) {
    if (vm->state == STATE_BOOTING || vm->state == STATE_RUNNING || vm->state == STATE_READY)
        return vm_suspend_check(vm, error);
    if (vm->state != STATE_SUSPENDING)
        waiters_explain(vm, error);
    return vm->state == STATE_SUSPENDING;
}

bool power_suspend(struct request *request, struct error *error) {
    struct vm *vm = request_vm(request, error);
    if (!vm)
        return false;
    if (!lifecycle_has_process(vm->state))
        return already_suspended(request, vm, error);
    if (!may_suspend(vm, error))
        return false;
    const struct waiter_goal goal = {.goal = GOAL_SUSPENDED,
                                     .timeout_ms = 2 * vm_suspend_limit_ms(vm)};
    request_wait_for(request, vm, &goal, on_suspended);
    vm_request(vm, INPUT_SUSPEND);
    return true;
}

/* --- one input, one goal --- */

struct simple {
    enum lifecycle_input input;
    enum lifecycle_goal goal;
    bool needs_process;
};

static bool run_simple(struct request *request, const struct simple *method, struct error *error) {
    struct vm *vm = request_vm(request, error);
    if (!vm)
        return false;
    if (method->needs_process && !lifecycle_has_process(vm->state))
        return error_set(error, ERROR_WRONG_STATE, "%s does not run: `pgsup start %s` starts it",
                         vm->name, vm->name);
    if (vm->state == STATE_PAUSED && vm->needs_reset && method->input == INPUT_RESUME) {
        waiters_explain(vm, error);
        return false;
    }
    if (method->input == INPUT_RESET && vm->state == STATE_PAUSED && !vm->halted)
        return error_set(error, ERROR_WRONG_STATE, "%s is paused: `pgsup resume %s` comes first",
                         vm->name, vm->name);
    if (method->needs_process && (vm->state == STATE_LOST || vm->state == STATE_STARTING)) {
        waiters_explain(vm, error);
        return false;
    }
    if (!lifecycle_has_process(vm->state)) {
        request_set_wanted(request, vm, false);
        request_succeed_already(request, vm);
        return true;
    }
    if (method->goal == GOAL_STOPPED) {
        request_set_wanted(request, vm, false);
        request_wait_for_end(request, vm, SIMPLE_TIMEOUT_MS, on_stopped);
    } else {
        const struct waiter_goal goal = {.goal = method->goal, .timeout_ms = SIMPLE_TIMEOUT_MS};
        request_wait_for(request, vm, &goal, request_reached);
    }
    vm_request(vm, method->input);
    return true;
}

bool power_pause(struct request *request, struct error *error) {
    return run_simple(request, &(struct simple){INPUT_PAUSE, GOAL_PAUSED, true}, error);
}

bool power_resume(struct request *request, struct error *error) {
    return run_simple(request, &(struct simple){INPUT_RESUME, GOAL_RUNNING, true}, error);
}

bool power_reset(struct request *request, struct error *error) {
    return run_simple(request, &(struct simple){INPUT_RESET, GOAL_RUNNING, true}, error);
}

bool power_kill(struct request *request, struct error *error) {
    return run_simple(request, &(struct simple){INPUT_KILL, GOAL_STOPPED, false}, error);
}
