#include "vm.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/platform.h"
#include "machine/console.h"
#include "machine/core/suspend_tag.h"
#include "machine/monitor.h"
#include "machine/probe.h"
#include "machine/process.h"
#include "machine/vm_agent.h"
#include "machine/vm_helpers.h"
#include "machine/vm_phases.h"
#include "machine/vm_private.h"
#include "machine/vm_suspend.h"
#include "machine/vm_wake.h"
#include "machine/vm_words.h"
#include "qmp/command.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* --- readiness --- */

static void stop_probe(struct vm *vm) {
    probe_close(vm->probe);
    vm->probe = NULL;
}

static void on_no_route(void *owner) {
    struct vm *vm = owner;
    const char *cause = platform_no_route_cause();
    if (cause)
        vm_tell(vm, STORE_EVENT_NETWORK, "no route to %s: %s", vm->plan.address, cause);
}

static void on_answer(void *owner) {
    struct vm *vm = owner;
    stop_probe(vm);
    vm_input(vm, INPUT_READY);
}

#define ASLEEP_MS 1000 /* less is how clocks differ */

/* cloud-init phones home once per instance-id, so later boots are ready when sshd answers. */
static void seek_readiness(struct vm *vm) {
    if (vm->state != STATE_BOOTING && vm->state != STATE_RUNNING)
        stop_probe(vm);
    else if (!vm->probe && !vm->plan.phones_home && vm->plan.address && vm->plan.address[0]) {
        vm->probe = probe_start(vm->loop, vm->plan.address, vm->plan.port, vm, on_answer);
        probe_on_no_route(vm->probe, on_no_route);
    }
}

/* --- effects --- */

void vm_command(struct vm *vm, const char *name) {
    monitor_send(vm->monitor, name, NULL, NULL);
}

static void on_press_due(uv_timer_t *timer) {
    vm_input(timer->data, INPUT_PRESS);
}

/* A press on a paused guest is delivered only when it runs again, hence the cont: it does nothing
 * to a running one. A press during early boot is lost, hence the timer. */
static void press(struct vm *vm) {
    vm->launch.presses++;
    vm_command(vm, "cont");
    vm_command(vm, "system_powerdown");
    uv_timer_start(&vm->press, on_press_due, LIFECYCLE_PRESS_INTERVAL_MS, 0);
}

/* Whether it is the VM that is meant, and what it does. Its identity comes first. QEMU reads a
 * command byte by byte, with seven system calls for each: what else is to be known can wait, unless
 * it does not run (vm_qmp.c). */
static const char *const questions[] = {"query-uuid", "query-status", NULL};

static void reconnect(struct vm *vm) {
    monitor_close(vm->monitor);
    vm->answered = false;
    vm->unexamined = true;
    vm->connected_ms = clock_wall_ms();
    vm->monitor =
        monitor_connect(vm->loop, vm->plan.files[RUN_FILE_QMP], questions, vm, vm->on_qmp_item);
}

static void release(struct vm *vm) {
    vm_wake_forget(vm);
    vm_suspend_forget(vm);
    monitor_close(vm->monitor);
    process_close(vm->process);
    console_close(vm->console);
    stop_probe(vm);
    vm_agent_forget(vm);
    vm_helpers_end(vm);
    vm->monitor = NULL;
    vm->process = NULL;
    vm->console = NULL;
    vm_plan_remove_files(&vm->plan);
}

/* At the begin of a boot it waits for no disk, and nothing is asked before it is answered: QEMU has
 * no more time for it than for a question. */
static void go_on(struct vm *vm) {
    const struct qmp_request request = {.command = "cont"};
    if (vm->state == STATE_BOOTING)
        monitor_send_within(vm->monitor, &request, QMP_DEADLINE_MS);
    else
        vm_command(vm, request.command);
}

static void perform(struct vm *vm, enum lifecycle_effect effect) {
    switch (effect) {
    case EFFECT_LAUNCH:
        vm->preparing = vm->queued = true;
        vm->open_handles++; /* the plan returns to this struct even after vm_close() */
        vm->listener->prepare(vm->listener->context, vm);
        break;
    case EFFECT_CONT: go_on(vm); break;
    case EFFECT_PAUSE:
        vm->stopping_vcpus = true;
        vm_command(vm, "stop");
        break;
    case EFFECT_SAVE: vm_suspend_begin(vm); break;
    case EFFECT_RESET:
        vm->resetting = vm->state == STATE_PAUSED;
        vm->launch.phases_ms[PHASE_READY] = 0;
        vm_command(vm, "system_reset");
        break;
    case EFFECT_POWERDOWN: press(vm); break;
    case EFFECT_QUIT: vm_command(vm, "quit"); break;
    case EFFECT_KILL:
        if (vm->process)
            process_kill(vm->process, SIGKILL);
        break;
    case EFFECT_RECONNECT: reconnect(vm); break;
    case EFFECT_RELEASE: release(vm); break;
    case EFFECT_EXPIRE:
        vm->stop_began_ms = 0; /* a later end does not belong to this stop */
        vm_command(vm, "query-status");
        vm->listener->expired(vm->listener->context, vm);
        break;
    case EFFECT_NONE:
    case EFFECT_COUNT: break;
    }
}

/* --- the one place that changes a state --- */

static void on_deadline(uv_timer_t *timer);

void vm_set_deadline(struct vm *vm, uint64_t limit_ms) {
    vm->deadline_awake_ms = platform_awake_ms() + limit_ms;
    uv_timer_start(&vm->deadline, on_deadline, limit_ms, 0);
}

/* A guest has not used the time that the computer slept. QEMU's answers are not waited for longer.
 */
static bool was_asleep(struct vm *vm) {
    uint64_t now_ms = platform_awake_ms();
    if (vm->state != STATE_STOPPING || now_ms + ASLEEP_MS > vm->deadline_awake_ms)
        return false;
    uv_timer_start(&vm->deadline, on_deadline, vm->deadline_awake_ms - now_ms, 0);
    return true;
}

static const char *why_late(const struct vm *vm) {
    if (vm->queued)
        return "its launch waited for others, and none of them was prepared in time";
    if (vm->preparing)
        return "its launch was not prepared in time";
    return vm->plan.wakes ? "its saved memory was not loaded in time"
                          : "QEMU did not answer on its QMP socket in time";
}

static void on_deadline(uv_timer_t *timer) {
    struct vm *vm = timer->data;
    if (was_asleep(vm))
        return;
    if (vm->state == STATE_STARTING && vm->queued && vm->listener->queued(vm->listener->context)) {
        vm_set_deadline(vm, lifecycle_deadline_ms(vm->state));
        return;
    }
    if (vm->state == STATE_SUSPENDING && !vm->suspend.recorded) {
        vm_suspend_fail(vm, VM_SUSPEND_NOT_RECORDED);
        vm_input(vm, INPUT_SAVE_FAILED);
        return;
    }
    bool leave = vm->state == STATE_STOPPING && !vm->may_escalate;
    if (vm->state == STATE_STARTING && !vm->reason)
        vm_set_reason(vm, why_late(vm));
    if (vm->state == STATE_SUSPENDING)
        vm_set_reason(vm, "QEMU has not saved its memory in time");
    vm_input(vm, leave ? INPUT_GIVE_UP : INPUT_DEADLINE);
}

static void arm(struct vm *vm) {
    uint64_t limit = vm->state == STATE_STOPPING     ? vm->stop_limit_ms
                     : vm->state == STATE_SUSPENDING ? VM_SUSPEND_RECORD_LIMIT_MS
                                                     : lifecycle_deadline_ms(vm->state);
    if (limit)
        vm_set_deadline(vm, limit);
    else
        uv_timer_stop(&vm->deadline);
    if (vm->state != STATE_STOPPING)
        uv_timer_stop(&vm->press);
    if (vm->state != STATE_STOPPING && vm->state != STATE_PAUSED)
        uv_timer_stop(&vm->space);
}

/* A reason belongs to the state it was given for. */
static bool keeps_reason(enum lifecycle_state state) {
    return state == STATE_LOST || state == STATE_FAILED || state == STATE_STOPPED ||
           state == STATE_PAUSED || state == STATE_ABORTING;
}

static void enter(struct vm *vm, enum lifecycle_state next, enum lifecycle_input input) {
    bool why = keeps_reason(next) && vm->reason;
    vm_tell(vm, STORE_EVENT_STATE, "%s --%s--> %s%s%s", lifecycle_state_word(vm->state),
            lifecycle_input_word(input), lifecycle_state_word(next), why ? ": " : "",
            why ? vm->reason : "");
    vm->state = next;
    vm->since_ms = clock_monotonic_ms();
    if (!keeps_reason(next)) {
        vm->silent = false;
        alloc_replace(&vm->reason, NULL);
    }
    alloc_replace(&vm->launch.state, alloc_string(lifecycle_state_word(next)));
    arm(vm);
    if (next == STATE_RUNNING)
        vm_suspend_end(vm);
    if (next == STATE_READY) {
        vm_phase(vm, PHASE_READY);
        vm_agent_query(vm);
        vm_suspend_set_clock(vm);
    }
}

void vm_input(struct vm *vm, enum lifecycle_input input) {
    struct lifecycle_step step = lifecycle_step(vm->state, input);
    if (!step.listed)
        return;
    if (step.next != vm->state)
        enter(vm, step.next, input);
    else if (input == INPUT_DEADLINE) /* other inputs do not extend the deadline */
        arm(vm);
    perform(vm, step.effect);
    seek_readiness(vm);
    alloc_replace(&vm->launch.reason, alloc_string(vm->reason));
    vm->listener->changed(vm->listener->context, vm);
    /* A guest that was ready before it was paused or adopted is still ready. */
    if (vm->state == STATE_RUNNING && vm->launch.phases_ms[PHASE_READY])
        vm_input(vm, INPUT_READY);
}

/* --- requests --- */

void vm_start(struct vm *vm) {
    if (vm->preparing) /* the plan of a cancelled launch has not returned yet */
        return;
    if (!lifecycle_has_process(vm->state)) { /* a new launch begins */
        store_launch_done(&vm->launch);
        alloc_replace(&vm->outcome, NULL);
        vm->suspended = vm->save_failed = false;
    }
    vm_input(vm, INPUT_START);
}

static bool is_on_its_way_down(const struct vm *vm) {
    return vm->state == STATE_STOPPING || vm->state == STATE_QUITTING ||
           vm->state == STATE_KILLING || vm->state == STATE_ABORTING;
}

/* 0: no limit. */
static bool is_shorter(uint64_t limit_ms, uint64_t than_ms) {
    return limit_ms != 0 && (than_ms == 0 || limit_ms < than_ms);
}

/* The stricter of two stops of the same VM wins. The limit of a stop that must not escalate does
 * not bind one that may. */
static void tighten(struct vm *vm, const struct vm_stop_options *options) {
    uint64_t elapsed_ms = clock_monotonic_ms() - vm->stop_began_ms;
    uint64_t limit_ms = options->limit_ms ? elapsed_ms + options->limit_ms : 0;
    bool allows = options->may_escalate && !vm->may_escalate;
    bool forbids = !options->may_escalate && vm->may_escalate;
    if (forbids || (!allows && !is_shorter(limit_ms, vm->stop_limit_ms)))
        return;
    vm->may_escalate |= allows;
    vm->stop_limit_ms = limit_ms;
    if (limit_ms)
        vm_set_deadline(vm, options->limit_ms);
    else
        uv_timer_stop(&vm->deadline);
}

/* A guest that cannot be resumed does not react to the power button. */
static bool must_force(const struct vm *vm, const struct vm_stop_options *options) {
    bool deaf = vm->state == STATE_PAUSED && vm->needs_reset && options->may_escalate;
    return options->force || deaf;
}

void vm_stop(struct vm *vm, const struct vm_stop_options *options) {
    bool force = must_force(vm, options);
    if (vm->state == STATE_STOPPING) {
        tighten(vm, options);
    } else if (!is_on_its_way_down(vm)) {
        vm->launch.presses = 0;
        vm->stop_began_ms = clock_monotonic_ms();
        vm->stop_limit_ms = options->limit_ms;
        vm->may_escalate = options->may_escalate;
    }
    vm_input(vm, force ? INPUT_FORCE_STOP : INPUT_STOP);
}

/* A user who pauses a VM that a full disk paused does not want it to resume by itself. */
void vm_request(struct vm *vm, enum lifecycle_input input) {
    if (input == INPUT_PAUSE && vm->state == STATE_PAUSED &&
        uv_is_active((uv_handle_t *)&vm->space)) {
        uv_timer_stop(&vm->space);
        vm_explain(vm, "paused by request; before that the disk of the host was full");
    }
    vm_input(vm, input);
}

void vm_silent(struct vm *vm, const char *causes) {
    vm_explain(vm, "%s", causes);
    vm->silent = true;
}

void vm_expect_phone_home(struct vm *vm) {
    for (int phase = PHASE_PHONE_HOME; phase < PHASE_COUNT; phase++)
        vm->launch.phases_ms[phase] = 0;
    vm->plan.phones_home = true;
    alloc_replace(&vm->plan.provision_result, NULL);
    stop_probe(vm);
}

void vm_phoned_home(struct vm *vm, const char *instance_id, const char *address) {
    alloc_replace(&vm->phoned_home, alloc_string(instance_id));
    vm->plan.phones_home = false;
    if (address)
        alloc_replace(&vm->plan.address, alloc_string(address));
    vm_phase(vm, PHASE_PHONE_HOME);
    vm_input(vm, INPUT_READY);
}

void vm_address_changed(struct vm *vm, const char *address) {
    vm_heard_of(vm);
    if (vm->plan.address && strcmp(vm->plan.address, address) == 0)
        return;
    alloc_replace(&vm->plan.address, alloc_string(address));
    stop_probe(vm);
    seek_readiness(vm);
}

/* --- for the owner --- */

bool vm_is_busy(const struct vm *vm) {
    return lifecycle_has_process(vm->state) || vm->preparing;
}

bool vm_is_same_process(const struct vm *vm, pid_t pid, uint64_t start) {
    return vm->plan.found_pid == pid && vm->plan.found_start == start;
}

bool vm_is_emulated(const struct vm *vm) {
    return vm->plan.accel && strcmp(vm->plan.accel, "tcg") == 0;
}

const struct strv *vm_warnings(const struct vm *vm) {
    return &vm->plan.warnings;
}

bool vm_was_adopted(const struct vm *vm) {
    return vm->launched_ms == 0;
}

void vm_notice(struct vm *vm, const char *text) {
    if (!vm->closing)
        vm_tell(vm, STORE_EVENT_NOTICE, "%s", text);
}

void vm_set_restarting(struct vm *vm, bool restarting) {
    vm->restarting = restarting;
}

void vm_set_cold(struct vm *vm, bool cold) {
    vm->cold = cold;
}

void vm_set_wanted(struct vm *vm, bool wanted) {
    vm->wanted = wanted;
}

void vm_set_provision_result(struct vm *vm, const char *result) {
    alloc_replace(&vm->provision_result, alloc_string(result));
    if (result)
        vm->provisioning_ms = 0;
}

void vm_provisioning_begins(struct vm *vm) {
    if (!vm->provisioning_ms) /* one that is under way is joined */
        vm->provisioning_ms = clock_wall_ms();
}

char *vm_take_boot_step(struct vm *vm, const struct boot_step *step) {
    return boot_take(&vm->boot, step);
}

/* --- life of the struct --- */

struct vm *vm_new(uv_loop_t *loop, const char *name, const char *uuid, int64_t instance,
                  const struct vm_listener *listener) {
    struct vm *vm = alloc_zero(sizeof *vm);
    vm->loop = loop;
    vm->name = alloc_string(name);
    vm->uuid = alloc_string(uuid);
    vm->instance = instance;
    vm->listener = listener;
    vm->since_ms = clock_monotonic_ms();
    uv_timer_t *timers[] = {&vm->deadline, &vm->press, &vm->heartbeat, &vm->space};
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
        uv_timer_init(loop, timers[i]);
        timers[i]->data = vm;
        vm->open_handles++;
    }
    return vm;
}

void vm_recall(struct vm *vm, const struct store_launch *last) {
    const char *failed = lifecycle_state_word(STATE_FAILED);
    vm->state = last->state && strcmp(last->state, failed) == 0 ? STATE_FAILED : STATE_STOPPED;
    vm->suspended = last->end_cause && strcmp(last->end_cause, SUSPEND_STATE) == 0;
    vm_set_reason(vm, last->end_text);
}

void vm_drop_handle(struct vm *vm) {
    if (--vm->open_handles > 0)
        return;
    vm_plan_done(&vm->plan);
    store_launch_done(&vm->launch);
    free(vm->name);
    free(vm->uuid);
    free(vm->reason);
    free(vm->outcome);
    free(vm->phoned_home);
    free(vm->provision_result);
    boot_done(&vm->boot);
    vm_suspend_forget(vm);
    free(vm);
}

static void vm_on_closed(uv_handle_t *handle) {
    vm_drop_handle(handle->data);
}

void vm_close(struct vm *vm) {
    if (!vm || vm->closing)
        return;
    vm->closing = true;
    vm_wake_forget(vm);
    monitor_close(vm->monitor);
    process_close(vm->process);
    console_close(vm->console);
    stop_probe(vm);
    vm_agent_forget(vm);
    vm_helpers_close(vm);
    uv_close((uv_handle_t *)&vm->deadline, vm_on_closed);
    uv_close((uv_handle_t *)&vm->press, vm_on_closed);
    uv_close((uv_handle_t *)&vm->heartbeat, vm_on_closed);
    uv_close((uv_handle_t *)&vm->space, vm_on_closed);
}
