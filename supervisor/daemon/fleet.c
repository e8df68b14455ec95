#include "fleet.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/host.h"
#include "base/log.h"
#include "daemon/launcher.h"
#include "home/run_folder.h"
#include "home/running.h"

#include <stdlib.h>
#include <string.h>

struct waiter {
    struct waiter *next;
    struct fleet *fleet;
    struct vm *vm;
    enum lifecycle_goal goal;
    bool provisioned; /* wanted beyond the goal */
    struct waiter_calls calls;
    uv_timer_t timer;
    uint64_t limit_ms;
};

/* --- waiters --- */

static void on_waiter_closed(uv_handle_t *handle) {
    free(handle->data);
}

static void unlink_waiter(struct waiter *waiter) {
    struct waiter **slot = &waiter->fleet->waiters;
    while (*slot != waiter)
        slot = &(*slot)->next;
    *slot = waiter->next;
    uv_close((uv_handle_t *)&waiter->timer, on_waiter_closed);
}

static void settle(struct waiter *waiter, const struct error *error) {
    struct waiter_calls calls = waiter->calls;
    struct vm *vm = waiter->vm;
    unlink_waiter(waiter);
    calls.on_done(calls.context, vm, error);
}

/* The sentence for a goal that cannot be reached any more. */
static void explain(const struct waiter *waiter, struct error *error) {
    const struct vm *vm = waiter->vm;
    const char *state = lifecycle_state_word(vm->state);
    if (vm->state == STATE_FAILED)
        error_set(error, vm->refusal ? vm->refusal : ERROR_FAILED, "%s failed: %s", vm->name,
                  vm->reason ? vm->reason : "no reason was recorded");
    else if (vm->state == STATE_STOPPED)
        error_set(error, ERROR_WRONG_STATE, "%s stopped%s%s", vm->name, vm->reason ? ": " : "",
                  vm->reason ? vm->reason : "");
    else if (vm->state == STATE_PAUSED)
        error_set(error, ERROR_WRONG_STATE, "%s is paused: `pgsup resume %s` lets it go on",
                  vm->name, vm->name);
    else
        error_set(error, ERROR_WRONG_STATE,
                  "%s is %s: wait until it has stopped, then start it again", vm->name, state);
}

/* What provisioning came to; VERDICT_POSSIBLE while it is to come. */
static enum lifecycle_verdict judge_provisioning(const struct vm *vm, struct error *error) {
    if (!vm->provision_result)
        return VERDICT_POSSIBLE;
    if (strcmp(vm->provision_result, "ok") != 0)
        error_set(error, ERROR_FAILED, "provisioning of %s %s", vm->name, vm->provision_result);
    return VERDICT_REACHED;
}

/* True: it was settled and is gone. */
static bool judge(struct waiter *waiter) {
    struct error error = {0};
    if (waiter->provisioned &&
        lifecycle_verdict(waiter->goal, waiter->vm->state) == VERDICT_REACHED) {
        if (judge_provisioning(waiter->vm, &error) == VERDICT_POSSIBLE)
            return false;
        settle(waiter, &error);
        return true;
    }
    switch (lifecycle_verdict(waiter->goal, waiter->vm->state)) {
    case VERDICT_POSSIBLE: return false;
    case VERDICT_REACHED: break;
    case VERDICT_IMPOSSIBLE: explain(waiter, &error); break;
    }
    settle(waiter, &error);
    return true;
}

/* Settling may add and remove waiters, so the list is walked anew after each. */
static void settle_all(struct fleet *fleet, struct vm *vm) {
    struct waiter *waiter = fleet->waiters;
    while (waiter) {
        if (waiter->vm == vm && judge(waiter))
            waiter = fleet->waiters;
        else
            waiter = waiter->next;
    }
}

static const char *last_phase(const struct vm *vm) {
    const char *word = "preparation";
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        if (vm->launch.phases_ms[phase])
            word = store_phase_word((enum store_phase)phase);
    return word;
}

static void on_waiter_timer(uv_timer_t *timer) {
    struct waiter *waiter = timer->data;
    struct vm *vm = waiter->vm;
    struct error error = {0};
    if (waiter->limit_ms && (waiter->goal == GOAL_READY || waiter->goal == GOAL_STARTED ||
                             waiter->goal == GOAL_RUNNING))
        error_set(&error, ERROR_TIMEOUT,
                  "%s is not %s after %llu s: it is %s, the last sign of its boot was \"%s\"; it "
                  "was left alone",
                  vm->name, waiter->provisioned ? "provisioned" : lifecycle_goal_word(waiter->goal),
                  (unsigned long long)(waiter->limit_ms / 1000), lifecycle_state_word(vm->state),
                  last_phase(vm));
    else if (waiter->limit_ms)
        error_set(&error, ERROR_TIMEOUT, "%s is not %s after %llu s: it is %s", vm->name,
                  lifecycle_goal_word(waiter->goal), (unsigned long long)(waiter->limit_ms / 1000),
                  lifecycle_state_word(vm->state));
    settle(waiter, &error);
}

static void on_first_look(uv_timer_t *timer) {
    struct waiter *waiter = timer->data;
    uv_timer_stop(timer);
    if (!judge(waiter) && waiter->limit_ms)
        uv_timer_start(timer, on_waiter_timer, waiter->limit_ms, 0);
}

/* The first look waits for the next turn of the loop, so that the caller has its request in place
 * before it is answered. */
static struct waiter *add_waiter(struct fleet *fleet, struct vm *vm, enum lifecycle_goal goal,
                                 uint64_t limit_ms, const struct waiter_calls *calls) {
    struct waiter *waiter = alloc_zero(sizeof *waiter);
    *waiter = (struct waiter){.next = fleet->waiters,
                              .fleet = fleet,
                              .vm = vm,
                              .goal = goal,
                              .calls = *calls,
                              .limit_ms = limit_ms};
    fleet->waiters = waiter;
    uv_timer_init(fleet->loop, &waiter->timer);
    waiter->timer.data = waiter;
    uv_timer_start(&waiter->timer, on_first_look, 0, 0);
    return waiter;
}

void fleet_wait(struct fleet *fleet, struct vm *vm, enum lifecycle_goal goal, uint64_t limit_ms,
                const struct waiter_calls *calls) {
    add_waiter(fleet, vm, goal, limit_ms, calls);
}

void fleet_wait_provisioned(struct fleet *fleet, struct vm *vm, uint64_t limit_ms,
                            const struct waiter_calls *calls) {
    add_waiter(fleet, vm, GOAL_READY, limit_ms, calls)->provisioned = true;
}

void fleet_forget(struct fleet *fleet, void *context) {
    struct waiter *waiter = fleet->waiters;
    while (waiter) {
        struct waiter *next = waiter->next;
        if (waiter->calls.context == context)
            unlink_waiter(waiter);
        waiter = next;
    }
}

/* --- what VMs tell --- */

static void on_prepare(void *context, struct vm *vm) {
    struct fleet *fleet = context;
    launcher_prepare(fleet->loop, fleet->home->path, vm);
}

static void on_changed(void *context, struct vm *vm) {
    struct fleet *fleet = context;
    if (vm->launch.number)
        recorder_launch(fleet->recorder, &vm->launch);
    settle_all(fleet, vm);
    if (fleet->on_change)
        fleet->on_change(fleet->context, vm);
}

/* QEMU has made these by the time it answers; under sudo they are root's, and the user's own
 * commands could neither see the lock nor reach the spare monitor. */
static void give_run_files(const struct fleet *fleet, const struct vm *vm) {
    static const char *const kinds[] = {"pid", "qmp", "mon", "con", "qga"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        scoped(alloc_release) char *path =
            run_folder_vm(fleet->home->run, vm->name, vm->launch.tag, kinds[i]);
        home_give(fleet->home, path, NULL);
    }
}

void fleet_note(struct fleet *fleet, struct vm *vm) {
    on_changed(fleet, vm);
}

static void on_event(void *context, struct vm *vm, const char *kind, const char *text) {
    struct fleet *fleet = context;
    if (vm->state == STATE_STARTING && vm->launch.phases_ms[PHASE_STARTED])
        give_run_files(fleet, vm);
    recorder_event(fleet->recorder, vm->instance, kind, text);
    if (strcmp(kind, "state") == 0)
        log_info("vm=%s %s", vm->name, text);
    for (struct waiter *waiter = fleet->waiters; waiter; waiter = waiter->next)
        if (waiter->vm == vm && waiter->calls.on_progress)
            waiter->calls.on_progress(waiter->calls.context, vm, kind, text);
}

static void on_expired(void *context, struct vm *vm) {
    struct fleet *fleet = context;
    struct waiter *waiter = fleet->waiters;
    struct error error = {0};
    error_set(
        &error, ERROR_TIMEOUT,
        "%s did not stop within %llu s, after %lld press%s of the power button; it still runs "
        "(`pgsup stop -f %s` quits it)",
        vm->name, (unsigned long long)(vm->stop_limit_ms / 1000), (long long)vm->launch.presses,
        vm->launch.presses == 1 ? "" : "es", vm->name);
    while (waiter) {
        bool mine = waiter->vm == vm && waiter->goal == GOAL_STOPPED;
        struct waiter *next = waiter->next;
        if (mine)
            settle(waiter, &error);
        waiter = mine ? fleet->waiters : next;
    }
}

/* Those who wait for what the command was to bring about learn why it will not come. */
static void on_refused(void *context, struct vm *vm, const char *command, const char *text) {
    struct fleet *fleet = context;
    struct waiter *waiter = fleet->waiters;
    struct error error = {0};
    bool resume = strcmp(command, "cont") == 0, pause = strcmp(command, "stop") == 0;
    error_set(&error, ERROR_FAILED, "QEMU refused \"%s\" for %s: %s", command, vm->name, text);
    while (waiter) {
        bool mine = waiter->vm == vm && ((resume && waiter->goal == GOAL_RUNNING) ||
                                         (pause && waiter->goal == GOAL_PAUSED));
        struct waiter *next = waiter->next;
        if (mine)
            settle(waiter, &error);
        waiter = mine ? fleet->waiters : next;
    }
}

/* --- the VMs --- */

void fleet_init(struct fleet *fleet, uv_loop_t *loop, struct home *home,
                struct recorder *recorder) {
    *fleet = (struct fleet){
        .loop = loop,
        .home = home,
        .recorder = recorder,
        .listener = {fleet, on_prepare, on_changed, on_event, on_expired, on_refused},
    };
}

struct vm *fleet_find(struct fleet *fleet, const char *name) {
    for (size_t i = 0; i < fleet->count; i++)
        if (strcmp(fleet->vms[i]->name, name) == 0)
            return fleet->vms[i];
    return NULL;
}

struct vm *fleet_get_by_id(struct fleet *fleet, int64_t instance) {
    for (size_t i = 0; i < fleet->count; i++)
        if (fleet->vms[i]->instance == instance)
            return fleet->vms[i];
    return NULL;
}

static void drop(struct fleet *fleet, struct vm *vm) {
    for (size_t i = 0; i < fleet->count; i++) {
        if (fleet->vms[i] == vm) {
            fleet->vms[i] = fleet->vms[--fleet->count];
            break;
        }
    }
    vm_close(vm);
}

static void recall(struct fleet *fleet, struct vm *vm) {
    struct store_launch last = {0};
    if (launch_table_last(fleet->home->store, vm->instance, &last, NULL) && last.ended_ms)
        vm_recall(vm, &last);
    store_launch_done(&last);
}

static struct vm *add(struct fleet *fleet, const struct store_instance *instance) {
    struct vm *vm =
        vm_new(fleet->loop, instance->name, instance->uuid, instance->id, &fleet->listener);
    vm->wanted = instance->wanted;
    recall(fleet, vm);
    fleet->vms = alloc_resize(fleet->vms, (fleet->count + 1) * sizeof *fleet->vms);
    fleet->vms[fleet->count++] = vm;
    return vm;
}

struct vm *fleet_get(struct fleet *fleet, const char *name, struct error *error) {
    struct store_instance instance = {0};
    if (!instance_table_get(fleet->home->store, name, &instance, error))
        return NULL;
    struct vm *vm = fleet_find(fleet, name);
    if (vm && vm->instance != instance.id && !lifecycle_has_process(vm->state) && !vm->preparing) {
        drop(fleet, vm); /* removed and created again under the same name */
        vm = NULL;
    }
    if (!vm)
        vm = add(fleet, &instance);
    store_instance_done(&instance);
    return vm;
}

size_t fleet_running(const struct fleet *fleet) {
    size_t running = 0;
    for (size_t i = 0; i < fleet->count; i++)
        running += lifecycle_has_process(fleet->vms[i]->state) || fleet->vms[i]->preparing;
    return running;
}

/* --- adoption --- */

/* It was looked at before and turned out to be another VM. */
static bool is_strange(const struct vm *vm, const struct running *running) {
    return vm->plan.found_pid == running->pid && vm->plan.found_start == running->start;
}

/* False: the store does not tell whose it is, so that nothing can be said of any VM. */
static bool adopt_one(struct fleet *fleet, const struct running *running, struct error *error) {
    struct error problem = {0};
    struct vm_plan plan = {0};
    struct vm *vm = fleet_get(fleet, running->name, &problem);
    if (vm && (lifecycle_has_process(vm->state) || vm->preparing || is_strange(vm, running)))
        return true;
    if (vm && launcher_plan_found(fleet->home, running, &plan, &problem)) {
        log_info("vm=%s runs already as process %ld: adopting it", running->name,
                 (long)running->pid);
        vm_adopt(vm, &plan);
        return true;
    }
    vm_plan_done(&plan);
    if (problem.code == ERROR_FAILED)
        return error_set(error, problem.code, "%s", problem.text);
    log_warning("process %ld looks like VM %s, which this home does not know: left alone (%s)",
                (long)running->pid, running->name, problem.text);
    return true;
}

/* Caller frees. */
static char *epitaph(const struct store_launch *launch) {
    const char *text = "ended while unsupervised";
    uint64_t start = launch->pid ? host_process_start((pid_t)launch->pid) : 0;
    if (!start || start == launch->pid_start)
        return alloc_string(text);
    return alloc_printf("%s; process %lld is another one by now", text, (long long)launch->pid);
}

/* A launch without an end whose process is gone ended while nobody watched. */
static void bury_one(struct fleet *fleet, const struct store_instance *instance) {
    struct store_launch launch = {0};
    struct vm *vm = fleet_find(fleet, instance->name);
    if (vm && lifecycle_has_process(vm->state))
        return;
    if (launch_table_last(fleet->home->store, instance->id, &launch, NULL) && !launch.ended_ms) {
        launch.ended_ms = clock_wall_ms();
        alloc_replace(&launch.end_cause, alloc_string("unsupervised"));
        alloc_replace(&launch.end_text, epitaph(&launch));
        alloc_replace(&launch.state, alloc_string(lifecycle_state_word(STATE_STOPPED)));
        recorder_launch(fleet->recorder, &launch);
        recorder_event(fleet->recorder, instance->id, "state", launch.end_text);
        log_info("vm=%s %s", instance->name, launch.end_text);
    }
    store_launch_done(&launch);
}

bool fleet_adopt(struct fleet *fleet, struct error *error) {
    struct running_list running = {0};
    if (!running_scan(fleet->home->run, &running, error))
        return false;
    bool good = true;
    for (size_t i = 0; i < running.count && good; i++)
        good = adopt_one(fleet, &running.items[i], error);
    running_list_done(&running);
    return good;
}

bool fleet_bury(struct fleet *fleet, struct error *error) {
    struct store_instances instances = {0};
    if (!instance_table_list(fleet->home->store, &instances, error))
        return false;
    for (size_t i = 0; i < instances.count; i++)
        bury_one(fleet, &instances.items[i]);
    store_instances_done(&instances);
    return true;
}

void fleet_close(struct fleet *fleet) {
    while (fleet->waiters)
        unlink_waiter(fleet->waiters);
    while (fleet->count)
        drop(fleet, fleet->vms[0]);
    free(fleet->vms);
    fleet->vms = NULL;
}
