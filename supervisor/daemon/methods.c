#include "methods.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "control/protocol.h"
#include "daemon/console_relay.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef PGSUP_VERSION
#define PGSUP_VERSION "unknown"
#endif

#define DAY_MS               86400000
#define READY_TIMEOUT_MS     600000
#define STARTED_TIMEOUT_MS   120000
#define SIMPLE_TIMEOUT_MS    30000
#define PROVISION_TIMEOUT_MS 1800000

struct request {          /* one call under way */
    struct request *next; /* of the orphans */
    struct methods_context *context;
    struct call *call; /* NULL: its client has gone, and what it requested goes on */
    json_t *params;
    uint64_t began_ms;
    struct waiter_goal goal; /* restart: of the start that follows */
    bool restarts;           /* … which is still to come */
};

/* --- a VM as JSON --- */

static json_t *optional(const char *text) {
    return text ? json_string(text) : json_null();
}

static void add_boot(json_t *object, const struct boot *boot) {
    json_t *failed = json_array();
    const char *stage = boot->done ? "done" : boot->stage;
    json_object_set_new(object, "boot_stage", optional(stage[0] ? stage : NULL));
    json_object_set_new(object, "boot_module", optional(boot->module[0] ? boot->module : NULL));
    for (size_t i = 0; i < boot->failed.count; i++)
        json_array_append_new(failed, json_string(boot->failed.items[i]));
    json_object_set_new(object, "failed_modules", failed);
}

static json_t *warnings_of(const struct vm *vm, bool alive) {
    json_t *list = json_array();
    const struct strv *warnings = vm_warnings(vm);
    for (size_t i = 0; alive && i < warnings->count; i++)
        json_array_append_new(list, json_string(warnings->items[i]));
    return list;
}

static json_t *vm_to_json(const struct vm *vm) {
    json_t *object = json_object(), *phases = json_object();
    bool alive = lifecycle_has_process(vm->state);
    json_object_set_new(object, "name", json_string(vm->name));
    json_object_set_new(object, "state", json_string(lifecycle_state_word(vm->state)));
    json_object_set_new(object, "reason", optional(vm->reason));
    json_object_set_new(object, "pid",
                        alive && vm->launch.pid ? json_integer(vm->launch.pid) : json_null());
    json_object_set_new(
        object, "since_ms",
        json_integer(clock_wall_ms() - (int64_t)(clock_monotonic_ms() - vm->since_ms)));
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        if (vm->launch.phases_ms[phase])
            json_object_set_new(phases, store_phase_word((enum store_phase)phase),
                                json_integer(vm->launch.phases_ms[phase]));
    json_object_set_new(object, "phases", phases);
    json_object_set_new(object, "warnings", warnings_of(vm, alive));
    json_object_set_new(object, "agent", alive ? json_boolean(vm->agent_answers) : json_null());
    add_boot(object, &vm->boot);
    return object;
}

/* Of a thousand VMs each key costs: none is there that is null. */
static json_t *vm_to_brief_json(const struct vm *vm) {
    json_t *object = json_object();
    int64_t launched = vm->launch.phases_ms[PHASE_LAUNCHED];
    bool alive = lifecycle_has_process(vm->state);
    json_object_set_new(object, "name", json_string(vm->name));
    json_object_set_new(object, "state", json_string(lifecycle_state_word(vm->state)));
    if (vm->reason)
        json_object_set_new(object, "reason", json_string(vm->reason));
    if (alive && vm->launch.pid)
        json_object_set_new(object, "pid", json_integer(vm->launch.pid));
    if (alive && launched)
        json_object_set_new(object, "launched_ms", json_integer(launched));
    return object;
}

/* --- answering --- */

static void request_free(struct request *request) {
    struct request **slot = &request->context->orphans;
    while (*slot && *slot != request)
        slot = &(*slot)->next;
    if (*slot)
        *slot = request->next;
    waiters_forget(&request->context->fleet->waiters, request);
    json_decref(request->params);
    free(request);
}

static void request_fail(struct request *request, const struct error *error) {
    if (request->call)
        call_error(request->call, error);
    request_free(request);
}

static void request_succeed(struct request *request, json_t *body) {
    json_object_set_new(body, "took_ms",
                        json_integer((json_int_t)(clock_monotonic_ms() - request->began_ms)));
    if (request->call)
        call_result(request->call, body);
    else
        json_decref(body);
    request_free(request);
}

static void on_progress(void *context, struct vm *vm, enum store_event_kind kind,
                        const char *text) {
    struct request *request = context;
    if (!request->call)
        return;
    json_t *body = json_object();
    json_object_set_new(body, "name", json_string(vm->name));
    json_object_set_new(body, "kind", json_string(store_event_word(kind)));
    json_object_set_new(body, "text", json_string(text));
    json_object_set_new(body, "elapsed_ms",
                        json_integer((json_int_t)(clock_monotonic_ms() - request->began_ms)));
    call_progress(request->call, "progress", body);
}

static void on_reached(void *context, struct vm *vm, const struct error *error) {
    struct request *request = context;
    if (error->code != ERROR_NONE)
        request_fail(request, error);
    else
        request_succeed(request, vm_to_json(vm));
}

/* False: it is no number of milliseconds up to a day. */
static bool get_timeout(struct request *request, uint64_t *timeout_ms, struct error *error) {
    int64_t number = (int64_t)*timeout_ms;
    bool good = control_get_number(request->params, "timeout_ms", (struct control_range){0, DAY_MS},
                                   &number, error);
    *timeout_ms = (uint64_t)number;
    return good;
}

static void wait_for(struct request *request, struct vm *vm, const struct waiter_goal *goal,
                     waiter_on_done *on_done) {
    const struct waiter_calls calls = {on_progress, on_done, request};
    waiters_add(&request->context->fleet->waiters, vm, goal, &calls);
}

static void wait_for_end(struct request *request, struct vm *vm, uint64_t timeout_ms,
                         waiter_on_done *on_done) {
    const struct waiter_goal goal = {.goal = GOAL_STOPPED, .timeout_ms = timeout_ms};
    wait_for(request, vm, &goal, on_done);
}

/* Of a start: GOAL_READY with the caller's timeout, or only GOAL_STARTED. */
static struct waiter_goal start_goal(bool wait, uint64_t timeout_ms) {
    return (struct waiter_goal){.goal = wait ? GOAL_READY : GOAL_STARTED,
                                .timeout_ms = wait ? timeout_ms : STARTED_TIMEOUT_MS};
}

/* --- the methods --- */

static struct vm *request_vm(struct request *request, struct error *error) {
    const char *name = NULL;
    if (!control_get_string(request->params, "name", &name, error))
        return NULL;
    if (!name) {
        error_set(error, ERROR_USAGE, "\"name\" is missing");
        return NULL;
    }
    return fleet_get(request->context->fleet, name, error);
}

/* Wanted is what the user asked for last; restart policies depend on it. */
static void set_wanted(struct request *request, struct vm *vm, bool wanted) {
    vm_set_wanted(vm, wanted);
    if (!wanted) /* cancels a pending restart */
        fleet_vm_changed(request->context->fleet, vm);
    recorder_wanted(request->context->fleet->recorder, vm->instance, wanted);
}

static bool method_hello(struct request *request, struct error *error) {
    (void)error;
    json_t *body = json_object();
    json_object_set_new(body, "protocol", json_integer(CONTROL_VERSION));
    json_object_set_new(body, "version", json_string(PGSUP_VERSION));
    json_object_set_new(body, "pid", json_integer(getpid()));
    json_object_set_new(body, "home", json_string(request->context->fleet->home->path));
    request_succeed(request, body);
    return true;
}

/* "name": of this VM alone; "brief": what a table of many shows. */
static bool method_status(struct request *request, struct error *error) {
    struct fleet *fleet = request->context->fleet;
    const char *only = NULL;
    bool brief = false;
    if (!control_get_string(request->params, "name", &only, error) ||
        !control_get_bool(request->params, "brief", &brief, error))
        return false;
    json_t *body = json_object(), *list = json_array();
    for (size_t i = 0; i < fleet->count; i++)
        if (!only || strcmp(only, fleet->vms[i]->name) == 0)
            json_array_append_new(list, brief ? vm_to_brief_json(fleet->vms[i])
                                              : vm_to_json(fleet->vms[i]));
    json_object_set_new(body, "vms", list);
    request_succeed(request, body);
    return true;
}

/* Asked before anything is changed: a start that is refused must not leave the VM wanted. */
static bool may_start(const struct request *request, const struct vm *vm, struct error *error) {
    if (request->context->fleet->ending)
        return error_set(error, ERROR_WRONG_STATE,
                         "the supervisor is ending: `pgsup up` begins another one");
    bool possible = !lifecycle_has_process(vm->state) ||
                    lifecycle_verdict(GOAL_STARTED, vm->state) != VERDICT_IMPOSSIBLE;
    if (!possible)
        waiters_explain(vm, error);
    return possible;
}

static bool method_start(struct request *request, struct error *error) {
    bool wait = false;
    uint64_t timeout_ms = READY_TIMEOUT_MS;
    struct vm *vm = request_vm(request, error);
    if (!vm || !control_get_bool(request->params, "wait", &wait, error) ||
        !get_timeout(request, &timeout_ms, error))
        return false;
    if (!may_start(request, vm, error))
        return false;
    set_wanted(request, vm, true);
    const struct waiter_goal goal = start_goal(wait, timeout_ms);
    wait_for(request, vm, &goal, on_reached);
    vm_start(vm);
    return true;
}

static void on_stopped(void *context, struct vm *vm, const struct error *error) {
    struct request *request = context;
    if (error->code != ERROR_NONE) {
        request_fail(request, error);
        return;
    }
    json_t *body = vm_to_json(vm);
    json_object_set_new(body, "outcome", optional(vm->outcome));
    request_succeed(request, body);
}

static void request_succeed_already(struct request *request, const struct vm *vm) {
    json_t *body = vm_to_json(vm);
    json_object_set_new(body, "outcome", json_null());
    request_succeed(request, body);
}

static bool method_stop(struct request *request, struct error *error) {
    struct vm_stop_options options = {.may_escalate = true};
    uint64_t timeout_ms = FLEET_STOP_TIMEOUT_MS;
    struct vm *vm = request_vm(request, error);
    if (!vm || !control_get_bool(request->params, "force", &options.force, error) ||
        !control_get_bool(request->params, "escalate", &options.may_escalate, error) ||
        !get_timeout(request, &timeout_ms, error))
        return false;
    options.limit_ms = timeout_ms;
    set_wanted(request, vm, false);
    if (!lifecycle_has_process(vm->state)) {
        request_succeed_already(request, vm);
        return true;
    }
    wait_for_end(request, vm, 0, on_stopped);
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
    if (problem.code != ERROR_NONE || !may_start(request, vm, &problem)) {
        request_fail(request, &problem);
        fleet_vm_changed(fleet, vm);
        return;
    }
    set_wanted(request, vm, true);
    wait_for(request, vm, &request->goal, on_reached);
    vm_start(vm);
}

static bool method_restart(struct request *request, struct error *error) {
    struct vm_stop_options options = {.limit_ms = FLEET_STOP_TIMEOUT_MS, .may_escalate = true};
    bool wait = false;
    uint64_t timeout_ms = READY_TIMEOUT_MS;
    struct vm *vm = request_vm(request, error);
    if (!vm || !control_get_bool(request->params, "wait", &wait, error) ||
        !control_get_bool(request->params, "force", &options.force, error) ||
        !get_timeout(request, &timeout_ms, error))
        return false;
    request->goal = start_goal(wait, timeout_ms);
    if (vm->state == STATE_STARTING) { /* a new QEMU is on its way already */
        wait_for(request, vm, &request->goal, on_reached);
        return true;
    }
    set_wanted(request, vm, false); /* the end that comes now is no crash */
    request->restarts = true;
    vm_set_restarting(vm, true);
    wait_for_end(request, vm, 0, on_down_again);
    if (lifecycle_has_process(vm->state))
        vm_stop(vm, &options);
    return true;
}

/* --- one input, one goal --- */

static const struct simple {
    const char *method;
    enum lifecycle_input input;
    enum lifecycle_goal goal;
    bool needs_process;
} simple_methods[] = {
    {"pause", INPUT_PAUSE, GOAL_PAUSED, true},
    {"resume", INPUT_RESUME, GOAL_RUNNING, true},
    {"reset", INPUT_RESET, GOAL_RUNNING, true},
    {"kill", INPUT_KILL, GOAL_STOPPED, false},
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
        set_wanted(request, vm, false);
        request_succeed_already(request, vm);
        return true;
    }
    if (method->goal == GOAL_STOPPED) {
        set_wanted(request, vm, false);
        wait_for_end(request, vm, SIMPLE_TIMEOUT_MS, on_stopped);
    } else {
        const struct waiter_goal goal = {.goal = method->goal, .timeout_ms = SIMPLE_TIMEOUT_MS};
        wait_for(request, vm, &goal, on_reached);
    }
    vm_request(vm, method->input);
    return true;
}

static bool method_wait(struct request *request, struct error *error) {
    const char *word = "ready";
    struct waiter_goal goal = {.timeout_ms = READY_TIMEOUT_MS};
    struct vm *vm = request_vm(request, error);
    if (!vm || !control_get_string(request->params, "for", &word, error) ||
        !get_timeout(request, &goal.timeout_ms, error))
        return false;
    goal.provisioned = strcmp(word, "provisioned") == 0;
    if (goal.provisioned)
        goal.goal = GOAL_READY;
    else if (!lifecycle_goal_from_word(word, &goal.goal))
        return error_set(error, ERROR_USAGE,
                         "\"%s\" cannot be waited for: running, ready, provisioned, paused or "
                         "stopped",
                         word);
    wait_for(request, vm, &goal, on_reached);
    return true;
}

/* The client's folder is not the supervisor's. */
static bool get_playbook(const struct request *request, const char **playbook,
                         struct error *error) {
    if (!json_object_get(request->params, "playbook"))
        return true;
    return control_get_string(request->params, "playbook", playbook, error) &&
           (**playbook == '/' ||
            error_set(error, ERROR_INVALID, "the playbook %.200s is no absolute path", *playbook));
}

/* A guest that is not ready may not be reachable yet. */
static bool method_provision(struct request *request, struct error *error) {
    bool wait = false;
    const char *playbook = NULL;
    uint64_t timeout_ms = PROVISION_TIMEOUT_MS;
    struct methods_context *context = request->context;
    struct vm *vm = request_vm(request, error);
    if (!vm || !control_get_bool(request->params, "wait", &wait, error) ||
        !get_playbook(request, &playbook, error) || !get_timeout(request, &timeout_ms, error))
        return false;
    if (context->fleet->ending)
        return error_set(error, ERROR_WRONG_STATE,
                         "the supervisor is ending: `pgsup up` begins another one");
    if (vm->state != STATE_READY)
        return error_set(error, ERROR_WRONG_STATE,
                         "%s is %s: `pgsup start %s --wait` makes it ready for Ansible", vm->name,
                         lifecycle_state_word(vm->state), vm->name);
    if (!context->provision(context->context, vm, playbook, error))
        return false;
    if (wait) {
        const struct waiter_goal goal = {GOAL_READY, .provisioned = true, .timeout_ms = timeout_ms};
        wait_for(request, vm, &goal, on_reached);
    } else {
        request_succeed(request, vm_to_json(vm));
    }
    return true;
}

static bool method_console(struct request *request, struct error *error) {
    struct console_request wanted = {0};
    struct vm *vm = request_vm(request, error);
    struct call *call = request->call;
    if (!vm || !control_get_bool(request->params, "write", &wanted.write, error) ||
        !control_get_bool(request->params, "take", &wanted.take, error) ||
        !control_get_string(request->params, "who", &wanted.who, error) ||
        !console_relay_add(request->context->consoles, vm, call, &wanted, error))
        return false;
    call_set_data(call, NULL);
    request_free(request);
    return true;
}

static bool method_console_input(struct request *request, struct error *error) {
    const char *text = "";
    if (!control_get_string(request->params, "data", &text, error) ||
        !console_relay_input(request->context->consoles, request->call, text, error))
        return false;
    request_succeed(request, json_object());
    return true;
}

static bool method_down(struct request *request, struct error *error) {
    bool keep = false;
    if (!control_get_bool(request->params, "keep", &keep, error))
        return false;
    struct methods_context *context = request->context;
    struct call *call = request->call;
    call_set_data(call, NULL);
    request_free(request);
    context->shut_down(context->context, keep, call);
    return true;
}

static const struct {
    const char *method;
    bool (*run)(struct request *request, struct error *error); /* false: error is the answer */
} methods[] = {
    {"hello", method_hello},     {"status", method_status},
    {"start", method_start},     {"stop", method_stop},
    {"wait", method_wait},       {"down", method_down},
    {"restart", method_restart}, {"provision", method_provision},
    {"console", method_console}, {"console-input", method_console_input},
};

void methods_dispatch(struct methods_context *context, struct call *call, const char *method,
                      json_t *params) {
    struct error error = {0};
    struct request *request = alloc_zero(sizeof *request);
    *request = (struct request){.context = context,
                                .call = call,
                                .params = json_incref(params),
                                .began_ms = clock_monotonic_ms()};
    call_set_data(call, request);
    bool known = false, good = false;
    for (size_t i = 0; i < sizeof methods / sizeof *methods && !known; i++)
        if ((known = strcmp(methods[i].method, method) == 0))
            good = methods[i].run(request, &error);
    for (size_t i = 0; i < sizeof simple_methods / sizeof *simple_methods && !known; i++)
        if ((known = strcmp(simple_methods[i].method, method) == 0))
            good = run_simple(request, &simple_methods[i], &error);
    if (known && !good)
        request_fail(request, &error);
    if (known)
        return;
    error_set(&error, ERROR_USAGE,
              "this supervisor does not know the request \"%.40s\": is it older than this pgsup?",
              method);
    request_fail(request, &error);
}

/* A restart must not end half-way: stopped. */
void methods_gone(struct methods_context *context, struct call *call) {
    struct request *request = call_data(call);
    if (!request || !request->restarts) {
        if (request)
            request_free(request);
        return;
    }
    request->call = NULL;
    request->next = context->orphans;
    context->orphans = request;
}

void methods_close(struct methods_context *context) {
    while (context->orphans)
        request_free(context->orphans);
}
