#include "methods.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "control/protocol.h"
#include "daemon/console_relay.h"
#include "daemon/power.h"
#include "daemon/vm_json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef PGSUP_VERSION
#define PGSUP_VERSION "unknown"
#endif

#define PROVISION_TIMEOUT_MS 1800000

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

static bool is_asked(const struct vm *vm, const char *only) {
    return !only || strcmp(only, vm->name) == 0;
}

static json_t *tell_whole(const struct fleet *fleet, const char *only) {
    json_t *body = json_object(), *list = json_array();
    for (size_t i = 0; i < fleet->count; i++)
        if (is_asked(fleet->vms[i], only))
            json_array_append_new(list, vm_json(fleet->vms[i]));
    json_object_set_new(body, "vms", list);
    return body;
}

/* Each `list` reads it of all: as few values as can be. */
static json_t *tell_brief(const struct fleet *fleet, const char *only) {
    json_t *body = json_object(), *states = json_object(), *reasons = json_object();
    struct buffer words[STATE_COUNT] = {0};
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < fleet->count; i++) {
        const struct vm *vm = fleet->vms[i];
        if (!is_asked(vm, only))
            continue;
        vm_json_brief(vm, now_ms, &words[vm->state]);
        if (vm->reason)
            json_object_set_new(reasons, vm->name, json_string(vm->reason));
    }
    for (int state = 0; state < STATE_COUNT; state++) {
        if (words[state].length)
            json_object_set_new(states, lifecycle_state_word((enum lifecycle_state)state),
                                json_stringn(words[state].data, words[state].length));
        buffer_done(&words[state]);
    }
    json_object_set_new(body, "brief", states);
    json_object_set_new(body, "reasons", reasons);
    return body;
}

/* "name": of this VM alone; "brief": see control/protocol.h. */
static bool method_status(struct request *request, struct error *error) {
    const struct fleet *fleet = request->context->fleet;
    const char *only = NULL;
    bool brief = false;
    if (!control_get_string(request->params, "name", &only, error) ||
        !control_get_bool(request->params, "brief", &brief, error))
        return false;
    request_succeed(request, brief ? tell_brief(fleet, only) : tell_whole(fleet, only));
    return true;
}

static void on_written(void *context, bool written) {
    struct request **held = context, *request = *held;
    (void)written;
    if (request)
        request_succeed(request, json_object());
    free(held);
}

static bool method_written(struct request *request, struct error *error) {
    struct recorder *recorder = request->context->fleet->recorder;
    (void)error;
    if (recorder_is_behind(recorder)) {
        request->held = alloc_zero(sizeof *request->held);
        *request->held = request;
        recorder_when_written(recorder, on_written, request->held);
    } else {
        request_succeed(request, json_object());
    }
    return true;
}

static bool method_wait(struct request *request, struct error *error) {
    const char *word = "ready";
    struct waiter_goal goal = {.timeout_ms = POWER_READY_TIMEOUT_MS};
    struct vm *vm = request_vm(request, error);
    if (!vm || !control_get_string(request->params, "for", &word, error) ||
        !request_timeout(request, &goal.timeout_ms, error))
        return false;
    goal.provisioned = strcmp(word, "provisioned") == 0;
    if (goal.provisioned)
        goal.goal = GOAL_READY;
    else if (!lifecycle_goal_from_word(word, &goal.goal) || goal.goal == GOAL_SUSPENDED)
        return error_set(error, ERROR_USAGE,
                         "\"%s\" cannot be waited for: running, ready, provisioned, paused or "
                         "stopped",
                         word);
    request_wait_for(request, vm, &goal, request_reached);
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
    struct request_context *context = request->context;
    struct vm *vm = request_vm(request, error);
    if (!vm || !control_get_bool(request->params, "wait", &wait, error) ||
        !get_playbook(request, &playbook, error) || !request_timeout(request, &timeout_ms, error))
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
        request_wait_for(request, vm, &goal, request_reached);
    } else {
        request_succeed(request, vm_json(vm));
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
    bool keep = false, suspend = false;
    if (!control_get_bool(request->params, "keep", &keep, error) ||
        !control_get_bool(request->params, "suspend", &suspend, error))
        return false;
    struct request_context *context = request->context;
    struct call *call = request->call;
    call_set_data(call, NULL);
    request_free(request);
    context->shut_down(context->context,
                       keep      ? FLEET_LEAVES
                       : suspend ? FLEET_SUSPENDS
                                 : FLEET_STOPS,
                       call);
    return true;
}

static const struct {
    const char *method;
    bool (*run)(struct request *request, struct error *error); /* false: error is the answer */
} methods[] = {
    {"hello", method_hello},     {"status", method_status},
    {"start", power_start},      {"stop", power_stop},
    {"restart", power_restart},  {"pause", power_pause},
    {"resume", power_resume},    {"suspend", power_suspend},
    {"reset", power_reset},      {"kill", power_kill},
    {"wait", method_wait},       {"provision", method_provision},
    {"console", method_console}, {"console-input", method_console_input},
    {"down", method_down},       {"written", method_written},
};

void methods_dispatch(struct request_context *context, struct call *call, const char *method,
                      json_t *params) {
    struct error error = {0};
    struct request *request = request_new(context, call, params);
    bool known = false, good = false;
    for (size_t i = 0; i < sizeof methods / sizeof *methods && !known; i++)
        if ((known = strcmp(methods[i].method, method) == 0))
            good = methods[i].run(request, &error);
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
void methods_gone(struct request_context *context, struct call *call) {
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

void methods_close(struct request_context *context) {
    while (context->orphans)
        request_free(context->orphans);
}
