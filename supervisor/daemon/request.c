#include "request.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "control/protocol.h"
#include "daemon/vm_json.h"

#include <stdlib.h>

#define DAY_MS 86400000

struct request *request_new(struct request_context *context, struct call *call, json_t *params) {
    struct request *request = alloc_zero(sizeof *request);
    *request = (struct request){.context = context,
                                .call = call,
                                .params = json_incref(params),
                                .began_ms = clock_monotonic_ms()};
    call_set_data(call, request);
    return request;
}

void request_free(struct request *request) {
    struct request **slot = &request->context->orphans;
    while (*slot && *slot != request)
        slot = &(*slot)->next;
    if (*slot)
        *slot = request->next;
    waiters_forget(&request->context->fleet->waiters, request);
    if (request->held)
        *request->held = NULL;
    json_decref(request->params);
    free(request);
}

void request_fail(struct request *request, const struct error *error) {
    if (request->call)
        call_error(request->call, error);
    request_free(request);
}

void request_succeed(struct request *request, json_t *body) {
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

void request_reached(void *context, struct vm *vm, const struct error *error) {
    struct request *request = context;
    if (error->code != ERROR_NONE)
        request_fail(request, error);
    else
        request_succeed(request, vm_json(vm));
}

bool request_timeout(struct request *request, uint64_t *timeout_ms, struct error *error) {
    int64_t number = (int64_t)*timeout_ms;
    bool good = control_get_number(request->params, "timeout_ms", (struct control_range){0, DAY_MS},
                                   &number, error);
    *timeout_ms = (uint64_t)number;
    return good;
}

void request_wait_for(struct request *request, struct vm *vm, const struct waiter_goal *goal,
                      waiter_on_done *on_done) {
    const struct waiter_calls calls = {on_progress, on_done, request};
    waiters_add(&request->context->fleet->waiters, vm, goal, &calls);
}

void request_wait_for_end(struct request *request, struct vm *vm, uint64_t timeout_ms,
                          waiter_on_done *on_done) {
    const struct waiter_goal goal = {.goal = GOAL_STOPPED, .timeout_ms = timeout_ms};
    request_wait_for(request, vm, &goal, on_done);
}

struct vm *request_vm(struct request *request, struct error *error) {
    const char *name = NULL;
    if (!control_get_string(request->params, "name", &name, error))
        return NULL;
    if (!name) {
        error_set(error, ERROR_USAGE, "\"name\" is missing");
        return NULL;
    }
    return fleet_get(request->context->fleet, name, error);
}

void request_set_wanted(struct request *request, struct vm *vm, bool wanted) {
    vm_set_wanted(vm, wanted);
    if (!wanted) /* cancels a pending restart */
        fleet_vm_changed(request->context->fleet, vm);
    recorder_wanted(request->context->fleet->recorder, vm->instance, wanted);
}

void request_succeed_already(struct request *request, const struct vm *vm) {
    json_t *body = vm_json(vm);
    json_object_set_new(body, "outcome", json_null());
    request_succeed(request, body);
}
