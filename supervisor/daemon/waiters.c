#include "waiters.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "machine/vm_report.h"

#include <stdlib.h>
#include <string.h>

#define NEVER UINT64_MAX

struct waiter {
    struct waiter *next;
    struct waiters *list;
    struct vm *vm;
    struct waiter_goal wanted;
    struct waiter_calls calls;
    uint64_t deadline_ms; /* monotonic; NEVER */
    struct error error;   /* once it is decided */
    uv_timer_t timer;
};

static struct waiter **list_of(struct waiters *waiters, const struct vm *vm) {
    return &waiters->first[(uintptr_t)vm / sizeof *vm % WAITERS_LISTS];
}

static void on_waiter_closed(uv_handle_t *handle) {
    free(handle->data);
}

static void waiter_remove(struct waiter *waiter) {
    struct waiter **slot = list_of(waiter->list, waiter->vm);
    while (*slot != waiter)
        slot = &(*slot)->next;
    *slot = waiter->next;
    waiter->next = NULL;
    uv_close((uv_handle_t *)&waiter->timer, on_waiter_closed);
}

/* --- judgement --- */

#define LOST_HELP "it comes back by itself when QEMU answers; `pgsup stop -f %s` ends it"

static bool gets_no_further(const struct vm *vm) {
    bool boots = vm->state == STATE_STARTING || vm->state == STATE_BOOTING;
    return !vm->resetting &&
           ((boots && vm->panicked) || (vm->state == STATE_PAUSED && vm->boot_ended));
}

void waiters_explain(const struct vm *vm, struct error *error) {
    const char *reason = vm->reason ? vm->reason : "no reason was recorded";
    if (vm->state == STATE_FAILED)
        error_set(error, vm->refusal ? vm->refusal : ERROR_FAILED, "%s failed: %s", vm->name,
                  reason);
    else if (vm->state == STATE_STOPPED)
        error_set(error, ERROR_WRONG_STATE, "%s stopped%s%s", vm->name, vm->reason ? ": " : "",
                  vm->reason ? vm->reason : "");
    else if (vm->state == STATE_PAUSED && vm->needs_reset)
        error_set(error, ERROR_WRONG_STATE,
                  "%s cannot be resumed: %s; only `pgsup reset %s` or `pgsup stop %s` help",
                  vm->name, reason, vm->name, vm->name);
    else if (gets_no_further(vm))
        error_set(
            error, ERROR_WRONG_STATE,
            "%s gets no further: %s; `pgsup log %s` has its last words, `pgsup reset %s` boots "
            "it again",
            vm->name, vm->panicked ? VM_PANICKED : reason, vm->name, vm->name);
    else if (vm->state == STATE_PAUSED)
        error_set(error, ERROR_WRONG_STATE, "%s is paused: `pgsup resume %s` lets it go on",
                  vm->name, vm->name);
    else if (vm->state == STATE_LOST)
        error_set(error, ERROR_WRONG_STATE, "%s is lost: %s; " LOST_HELP, vm->name, reason,
                  vm->name);
    else if (vm->state == STATE_BOOTING || vm->state == STATE_RUNNING || vm->state == STATE_READY)
        error_set(error, ERROR_WRONG_STATE, "%s goes on, or was started again", vm->name);
    else if (vm->state == STATE_STARTING)
        error_set(error, ERROR_WRONG_STATE, "%s is starting: wait until it has started", vm->name);
    else
        error_set(error, ERROR_WRONG_STATE, "%s is %s: try again when it has stopped", vm->name,
                  lifecycle_state_word(vm->state));
}

/* The result of provisioning; VERDICT_POSSIBLE while it is not known. */
static enum lifecycle_verdict judge_provisioning(const struct vm *vm, struct error *error) {
    if (!vm->provision_result)
        return VERDICT_POSSIBLE;
    if (strcmp(vm->provision_result, "ok") != 0)
        error_set(error, ERROR_FAILED, "provisioning of %s %s", vm->name, vm->provision_result);
    return VERDICT_REACHED;
}

static void on_timer(uv_timer_t *timer);

static void wake_at(struct waiter *waiter, uint64_t at_ms) {
    uint64_t now_ms = clock_monotonic_ms();
    uv_timer_start(&waiter->timer, on_timer, at_ms > now_ms ? at_ms - now_ms : 0, 0);
}

/* The answer names the modules that failed, so it waits for their reports, but not beyond the
 * deadline: the VM is ready already. */
static enum lifecycle_verdict judge_reports(struct waiter *waiter) {
    uint64_t until_ms = waiter->vm->since_ms + WAITERS_REPORTS_TIMEOUT_MS;
    if (until_ms > waiter->deadline_ms)
        until_ms = waiter->deadline_ms;
    if (!boot_is_behind(&waiter->vm->boot) || clock_monotonic_ms() >= until_ms)
        return VERDICT_REACHED;
    wake_at(waiter, until_ms);
    return VERDICT_POSSIBLE;
}

static bool waits_in_vain(const struct waiter *waiter) {
    enum lifecycle_goal goal = waiter->wanted.goal;
    return gets_no_further(waiter->vm) && (goal == GOAL_READY || goal == GOAL_RUNNING);
}

typedef bool decide_function(struct waiter *waiter, void *context);

static bool by_verdict(struct waiter *waiter, void *context) {
    enum lifecycle_verdict verdict = lifecycle_verdict(waiter->wanted.goal, waiter->vm->state);
    (void)context;
    if (verdict == VERDICT_REACHED && waiter->wanted.goal == GOAL_SUSPENDED &&
        !waiter->vm->suspended)
        verdict = VERDICT_IMPOSSIBLE;
    if (verdict == VERDICT_POSSIBLE && waits_in_vain(waiter))
        verdict = VERDICT_IMPOSSIBLE;
    if (verdict == VERDICT_IMPOSSIBLE && waiter->vm->restarting)
        verdict = VERDICT_POSSIBLE;
    if (verdict == VERDICT_REACHED && waiter->wanted.provisioned)
        verdict = judge_provisioning(waiter->vm, &waiter->error);
    else if (verdict == VERDICT_REACHED && waiter->wanted.goal == GOAL_READY)
        verdict = judge_reports(waiter);
    if (verdict == VERDICT_IMPOSSIBLE)
        waiters_explain(waiter->vm, &waiter->error);
    if (verdict == VERDICT_IMPOSSIBLE && waiter->wanted.goal == GOAL_SUSPENDED)
        error_prefix(&waiter->error, "%s was not suspended", waiter->vm->name);
    return verdict != VERDICT_POSSIBLE;
}

static void waiter_tell(struct waiter *waiter) {
    waiter->calls.on_done(waiter->calls.context, waiter->vm, &waiter->error);
}

static void settle(struct waiters *waiters, const struct vm *vm, decide_function *decide,
                   void *context) {
    struct waiter *decided = NULL;
    for (struct waiter *waiter = *list_of(waiters, vm), *next; waiter; waiter = next) {
        next = waiter->next;
        if (waiter->vm != vm || !decide(waiter, context))
            continue;
        waiter_remove(waiter);
        waiter->next = decided;
        decided = waiter;
    }
    for (struct waiter *next; decided; decided = next) {
        next = decided->next;
        waiter_tell(decided);
    }
}

void waiters_changed(struct waiters *waiters, struct vm *vm) {
    settle(waiters, vm, by_verdict, NULL);
}

/* --- other events --- */

void waiters_progress(struct waiters *waiters, struct vm *vm, enum store_event_kind kind,
                      const char *text) {
    for (struct waiter *waiter = *list_of(waiters, vm); waiter; waiter = waiter->next)
        if (waiter->vm == vm && waiter->calls.on_progress)
            waiter->calls.on_progress(waiter->calls.context, vm, kind, text);
}

/* Those that asked for the stop; one that only waits has a timeout of its own. */
static bool by_expiry(struct waiter *waiter, void *context) {
    if (waiter->wanted.goal == GOAL_STOPPED && waiter->wanted.timeout_ms == 0)
        waiter->error = *(struct error *)context;
    return waiter->error.code != ERROR_NONE;
}

void waiters_expired(struct waiters *waiters, struct vm *vm) {
    struct error error = {0};
    vm_report_expired(vm->name, vm->stop_limit_ms, vm->launch.presses, vm->disk_full, &error);
    settle(waiters, vm, by_expiry, &error);
}

static bool by_end(struct waiter *waiter, void *context) {
    waiter->error = *(struct error *)context;
    return true;
}

void waiters_gone(struct waiters *waiters, struct vm *vm) {
    struct error error = {0};
    error_set(&error, ERROR_NOT_FOUND, "the instance \"%s\" was renamed or removed meanwhile",
              vm->name);
    settle(waiters, vm, by_end, &error);
}

struct refusal {
    bool resume, pause, suspend;
    struct error error;
};

static bool by_refusal(struct waiter *waiter, void *context) {
    const struct refusal *refusal = context;
    if ((refusal->resume && waiter->wanted.goal == GOAL_RUNNING) ||
        (refusal->pause && waiter->wanted.goal == GOAL_PAUSED) ||
        (refusal->suspend && waiter->wanted.goal == GOAL_SUSPENDED))
        waiter->error = refusal->error;
    return waiter->error.code != ERROR_NONE;
}

/* Waiters for what the command should have done get the reason. */
void waiters_refused(struct waiters *waiters, struct vm *vm, const char *command,
                     const char *text) {
    struct refusal refusal = {.resume = strcmp(command, "cont") == 0,
                              .pause = strcmp(command, "stop") == 0,
                              .suspend = strcmp(command, "snapshot-save") == 0};
    if (refusal.suspend)
        error_set(&refusal.error, ERROR_FAILED, "%s was not suspended and goes on: %s", vm->name,
                  text);
    else
        error_set(&refusal.error, ERROR_FAILED, "QEMU refused \"%s\" for %s: %s", command, vm->name,
                  text);
    settle(waiters, vm, by_refusal, &refusal);
}

/* --- time --- */

static const char *last_phase(const struct vm *vm) {
    const char *word = "preparation";
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        if (vm->launch.phases_ms[phase])
            word = store_phase_word((enum store_phase)phase);
    return word;
}

static void set_timeout_error(struct waiter *waiter) {
    const struct waiter_goal *wanted = &waiter->wanted;
    const struct vm *vm = waiter->vm;
    bool boots =
        wanted->goal == GOAL_READY || wanted->goal == GOAL_STARTED || wanted->goal == GOAL_RUNNING;
    const char *goal = wanted->provisioned ? "provisioned" : lifecycle_goal_word(wanted->goal);
    unsigned long long seconds = wanted->timeout_ms / 1000;
    scoped(alloc_release) char *clause = boot_clause(&vm->boot);
    if (vm->state == STATE_LOST)
        error_set(&waiter->error, ERROR_TIMEOUT,
                  "%s is not %s after %llu s: it is lost: %s; " LOST_HELP, vm->name, goal, seconds,
                  vm->reason ? vm->reason : "QEMU does not answer", vm->name);
    else if (boots)
        error_set(
            &waiter->error, ERROR_TIMEOUT,
            "%s is not %s after %llu s: it is %s, the last sign of its boot was \"%s\"%s; the VM "
            "keeps running",
            vm->name, goal, seconds, lifecycle_state_word(vm->state), last_phase(vm), clause);
    else
        error_set(&waiter->error, ERROR_TIMEOUT, "%s is not %s after %llu s: it is %s", vm->name,
                  goal, seconds, lifecycle_state_word(vm->state));
}

/* A VM may have left its goal while its reports were waited for: then the deadline is next. */
static void on_timer(uv_timer_t *timer) {
    struct waiter *waiter = timer->data;
    bool decided = by_verdict(waiter, NULL);
    if (!decided && clock_monotonic_ms() < waiter->deadline_ms) {
        if (waiter->deadline_ms != NEVER && !uv_is_active((uv_handle_t *)timer))
            wake_at(waiter, waiter->deadline_ms);
        return;
    }
    if (!decided)
        set_timeout_error(waiter);
    waiter_remove(waiter);
    waiter_tell(waiter);
}

void waiters_add(struct waiters *waiters, struct vm *vm, const struct waiter_goal *goal,
                 const struct waiter_calls *calls) {
    struct waiter *waiter = alloc_zero(sizeof *waiter);
    struct waiter **list = list_of(waiters, vm);
    waiter->next = *list;
    *list = waiter;
    waiter->list = waiters;
    waiter->vm = vm;
    waiter->wanted = *goal;
    waiter->calls = *calls;
    waiter->deadline_ms = goal->timeout_ms ? clock_monotonic_ms() + goal->timeout_ms : NEVER;
    uv_timer_init(waiters->loop, &waiter->timer);
    waiter->timer.data = waiter;
    wake_at(waiter, 0);
}

void waiters_forget(struct waiters *waiters, const void *context) {
    for (size_t i = 0; i < WAITERS_LISTS; i++)
        for (struct waiter *waiter = waiters->first[i], *next; waiter; waiter = next) {
            next = waiter->next;
            if (!context || waiter->calls.context == context)
                waiter_remove(waiter);
        }
}
