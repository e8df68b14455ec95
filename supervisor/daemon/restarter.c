#include "restarter.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/platform.h"
#include "daemon/policy.h"
#include "machine/vm_words.h"

#include <stdlib.h>
#include <string.h>

/* For the one before to become ready; after it the next one starts anyway. */
#define AFTER_TIMEOUT_MS 600000

struct record {
    struct record *next;
    struct restarter *restarter;
    int64_t instance;
    uint64_t handled_ms; /* since_ms of the end that was handled */
    uint64_t began_ms;   /* monotonic: of the current run */
    char *before;        /* the VM's reason, before "starts again in" was added */
    struct policy_history history;
    uv_timer_t timer;
};

struct pending_autostart { /* an instance that starts once the one it comes after is ready */
    struct pending_autostart *next;
    struct restarter *restarter;
    char *name, *after;
    bool waits; /* for the one before, which was started */
};

enum { CHAINS = 256 };

struct restarter {
    struct fleet *fleet;
    struct record *records[CHAINS]; /* by their instance */
    struct pending_autostart *pending;
};

static void pending_remove(struct pending_autostart *pending) {
    struct pending_autostart **slot = &pending->restarter->pending;
    while (*slot != pending)
        slot = &(*slot)->next;
    *slot = pending->next;
    waiters_forget(&pending->restarter->fleet->waiters, pending);
    free(pending->name);
    free(pending->after);
    free(pending);
}

/* Stopped by its user before its turn came. */
static void pending_drop(struct restarter *restarter, const char *name) {
    struct pending_autostart *pending = restarter->pending;
    while (pending && strcmp(pending->name, name) != 0)
        pending = pending->next;
    if (pending)
        pending_remove(pending);
}

/* --- restart policy --- */

static void start_if_room(struct restarter *restarter, struct vm *vm) {
    struct error problem = {0};
    if (vm_is_busy(vm) || fleet_has_room(restarter->fleet, &problem))
        vm_start(vm);
    else
        vm_explain(vm, "not started: %s", problem.text);
}

static void on_timer(uv_timer_t *timer) {
    struct record *record = timer->data;
    struct vm *vm = fleet_get_by_id(record->restarter->fleet, record->instance);
    if (vm && vm->wanted && !lifecycle_has_process(vm->state))
        start_if_room(record->restarter, vm);
}

static struct record *record_find(struct restarter *restarter, struct vm *vm) {
    struct record **chain = &restarter->records[(uint64_t)vm->instance % CHAINS];
    for (struct record *record = *chain; record; record = record->next)
        if (record->instance == vm->instance)
            return record;
    struct record *record = alloc_zero(sizeof *record);
    record->next = *chain;
    *chain = record;
    record->restarter = restarter;
    record->instance = vm->instance;
    uv_timer_init(restarter->fleet->loop, &record->timer);
    record->timer.data = record;
    return record;
}

static enum store_restart restart_of(struct restarter *restarter, const struct vm *vm) {
    struct store_instance instance = {0};
    enum store_restart restart = STORE_RESTART_NO;
    if (instance_table_get(restarter->fleet->home->store, vm->name, &instance, NULL))
        restart = instance.restart;
    store_instance_done(&instance);
    return restart;
}

/* QEMU: net/vmnet-common.m. macOS says the same to who may not use vmnet at all. */
static bool is_network_early(const struct restarter *restarter, const struct vm *vm) {
    bool may = restarter->fleet->link || !platform_vmnet_wants_root();
    return may && vm->state == STATE_FAILED && !vm->launch.phases_ms[PHASE_STARTED] && vm->reason &&
           strstr(vm->reason, "general failure (possibly not enough privileges)") &&
           platform_uptime_ms() < PLATFORM_VMNET_EARLY_MS;
}

static void on_end(struct restarter *restarter, struct record *record, struct vm *vm) {
    uint64_t wait_ms = 0;
    const struct policy_end end = {restart_of(restarter, vm), vm->state == STATE_FAILED,
                                   is_network_early(restarter, vm), record->began_ms,
                                   clock_monotonic_ms()};
    enum policy_answer answer = policy_decide(&end, &record->history, &wait_ms);
    const char *before = vm->reason ? vm->reason : "it ended";
    if (answer == POLICY_RESTART) {
        alloc_replace(&record->before, alloc_string(before));
        uv_timer_start(&record->timer, on_timer, wait_ms, 0);
        vm_explain(vm, "%s; starts again in %llu s", record->before,
                   (unsigned long long)(wait_ms / 1000));
    } else if (answer == POLICY_GIVE_UP) {
        vm_explain(vm, "started %u times in %u minutes, not again; the last time: %s",
                   POLICY_STARTS, POLICY_WINDOW_MS / 60000, before);
    }
}

void restarter_on_change(struct restarter *restarter, struct vm *vm) {
    struct record *record = record_find(restarter, vm);
    if (!vm->wanted)
        pending_drop(restarter, vm->name);
    if (lifecycle_has_process(vm->state)) {
        if (vm->state == STATE_STARTING)
            record->began_ms = vm->since_ms;
        else if (vm->state == STATE_BOOTING)
            record->history.early = 0;
        uv_timer_stop(&record->timer);
        record->handled_ms = 0;
    } else if (vm->wanted && record->handled_ms != vm->since_ms) {
        record->handled_ms = vm->since_ms;
        on_end(restarter, record, vm);
    } else if (!vm->wanted && uv_is_active((uv_handle_t *)&record->timer)) {
        uv_timer_stop(&record->timer); /* the user stopped it */
        vm_explain(vm, "%s", record->before);
    }
}

void restarter_disable(struct restarter *restarter) {
    while (restarter->pending)
        pending_remove(restarter->pending);
    for (unsigned i = 0; i < CHAINS; i++)
        for (struct record *record = restarter->records[i]; record; record = record->next)
            uv_timer_stop(&record->timer);
}

/* --- autostart --- */

static void start_now(struct restarter *restarter, const char *name) {
    struct vm *vm = fleet_get(restarter->fleet, name, NULL);
    if (!vm || lifecycle_has_process(vm->state))
        return;
    log_info("vm=%s autostart", name);
    vm_set_wanted(vm, true);
    recorder_wanted(restarter->fleet->recorder, vm->instance, true);
    start_if_room(restarter, vm);
}

static bool is_pending(const struct restarter *restarter, const char *name) {
    for (struct pending_autostart *pending = restarter->pending; pending; pending = pending->next)
        if (strcmp(pending->name, name) == 0)
            return true;
    return false;
}

static void wait_for_pending(struct restarter *restarter);

static void start_pending(struct pending_autostart *pending) {
    struct restarter *restarter = pending->restarter;
    start_now(restarter, pending->name);
    pending_remove(pending);
    wait_for_pending(restarter);
}

static void on_before(void *context, struct vm *before, const struct error *error) {
    struct pending_autostart *pending = context;
    if (error->code != ERROR_NONE)
        log_warning("vm=%s starts although %s is not ready: %s", pending->name, before->name,
                    error->text);
    start_pending(pending);
}

/* An instance waits for the one before only after that one was started: until then it is down,
 * which would count as a failure. --after has no cycles (home/instance/startup.c). */
static void wait_for_pending(struct restarter *restarter) {
    for (struct pending_autostart *pending = restarter->pending; pending; pending = pending->next) {
        if (pending->waits || is_pending(restarter, pending->after))
            continue;
        struct vm *before = fleet_get(restarter->fleet, pending->after, NULL);
        if (!before) {
            start_pending(pending); /* which calls this function again */
            return;
        }
        struct waiter_goal wanted = {.goal = GOAL_READY, .timeout_ms = AFTER_TIMEOUT_MS};
        struct waiter_calls calls = {.on_done = on_before, .context = pending};
        pending->waits = true;
        waiters_add(&restarter->fleet->waiters, before, &wanted, &calls);
    }
}

static void pending_add(struct restarter *restarter, const struct store_instance *instance) {
    struct pending_autostart *pending = alloc_zero(sizeof *pending);
    pending->restarter = restarter;
    pending->next = restarter->pending;
    restarter->pending = pending;
    pending->name = alloc_string(instance->name);
    pending->after = alloc_string(instance->after);
}

bool restarter_autostart(struct restarter *restarter, struct error *error) {
    struct store_instances instances = {0};
    if (!instance_table_list(restarter->fleet->home->store, &instances, error))
        return false;
    for (size_t i = 0; i < instances.count; i++) {
        if (instances.items[i].autostart && instances.items[i].after)
            pending_add(restarter, &instances.items[i]);
        else if (instances.items[i].autostart)
            start_now(restarter, instances.items[i].name);
    }
    store_instances_done(&instances);
    wait_for_pending(restarter);
    return true;
}

/* --- life --- */

struct restarter *restarter_new(struct fleet *fleet) {
    struct restarter *restarter = alloc_zero(sizeof *restarter);
    restarter->fleet = fleet;
    return restarter;
}

static void on_record_closed(uv_handle_t *handle) {
    struct record *record = handle->data;
    free(record->before);
    free(record);
}

void restarter_close(struct restarter *restarter) {
    if (!restarter)
        return;
    while (restarter->pending)
        pending_remove(restarter->pending);
    for (unsigned i = 0; i < CHAINS; i++) {
        while (restarter->records[i]) {
            struct record *record = restarter->records[i];
            restarter->records[i] = record->next;
            uv_close((uv_handle_t *)&record->timer, on_record_closed);
        }
    }
    free(restarter);
}
