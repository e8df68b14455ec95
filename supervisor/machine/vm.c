#include "vm.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "machine/console.h"
#include "machine/monitor.h"
#include "machine/probe.h"
#include "machine/process.h"
#include "machine/vm_agent.h"
#include "machine/vm_helpers.h"
#include "machine/vm_qmp.h"
#include "machine/vm_report.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void drop_handle(struct vm *vm);

/* --- words --- */

void vm_set_reason(struct vm *vm, const char *text) {
    alloc_replace(&vm->reason, alloc_string(text));
}

void vm_tell(struct vm *vm, const char *kind, const char *format, ...) {
    struct buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    vm->listener->event(vm->listener->context, vm, kind, text.data);
    buffer_done(&text);
}

/* --- readiness --- */

static void stop_probe(struct vm *vm) {
    probe_close(vm->probe);
    vm->probe = NULL;
}

static void on_answer(void *owner) {
    struct vm *vm = owner;
    stop_probe(vm);
    vm_input(vm, INPUT_READY);
}

/* cloud-init phones home once per instance-id, so later boots are ready when sshd answers. */
static void seek_readiness(struct vm *vm) {
    if (vm->state != STATE_BOOTING && vm->state != STATE_RUNNING)
        stop_probe(vm);
    else if (!vm->probe && !vm->plan.phones_home && vm->plan.address && vm->plan.address[0])
        vm->probe = probe_start(vm->loop, vm->plan.address, vm->plan.port, vm, on_answer);
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
    uv_timer_start(&vm->press, on_press_due, VM_PRESS_INTERVAL_MS, 0);
}

static void on_process_end(void *owner, const struct process_end *end);

static void reconnect(struct vm *vm) {
    monitor_close(vm->monitor);
    vm->answered = false;
    vm->monitor = monitor_connect(vm->loop, vm->plan.qmp_path, vm, vm_qmp_on_item);
}

static void release(struct vm *vm) {
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

static void perform(struct vm *vm, enum lifecycle_effect effect) {
    switch (effect) {
    case EFFECT_LAUNCH:
        vm->preparing = true;
        vm->open_handles++; /* the plan comes back to this struct, closed or not */
        vm->listener->prepare(vm->listener->context, vm);
        break;
    case EFFECT_CONT: vm_command(vm, "cont"); break;
    case EFFECT_PAUSE: vm_command(vm, "stop"); break;
    case EFFECT_RESET:
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
        vm->stop_began_ms = 0; /* an end that comes later is not this stop's */
        vm->listener->expired(vm->listener->context, vm);
        break;
    case EFFECT_NONE:
    case EFFECT_COUNT: break;
    }
}

/* --- the one place that changes a state --- */

static void on_deadline(uv_timer_t *timer) {
    struct vm *vm = timer->data;
    bool leave = vm->state == STATE_STOPPING && !vm->may_escalate;
    if (vm->state == STATE_STARTING && !vm->reason)
        vm_set_reason(vm, vm->process ? "QEMU did not answer on its QMP socket in time"
                                      : "its launch was not prepared in time");
    vm_input(vm, leave ? INPUT_GIVE_UP : INPUT_DEADLINE);
}

void vm_hurry(struct vm *vm, uint64_t limit_ms) {
    uv_timer_start(&vm->deadline, on_deadline, limit_ms, 0);
}

static void arm(struct vm *vm) {
    uint64_t limit =
        vm->state == STATE_STOPPING ? vm->stop_limit_ms : lifecycle_deadline_ms(vm->state);
    if (limit)
        uv_timer_start(&vm->deadline, on_deadline, limit, 0);
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
    vm_tell(vm, "state", "%s --%s--> %s%s%s", lifecycle_state_word(vm->state),
            lifecycle_input_word(input), lifecycle_state_word(next), why ? ": " : "",
            why ? vm->reason : "");
    vm->state = next;
    vm->since_ms = clock_monotonic_ms();
    if (!keeps_reason(next))
        alloc_replace(&vm->reason, NULL);
    alloc_replace(&vm->launch.state, alloc_string(lifecycle_state_word(next)));
    arm(vm);
    if (next == STATE_READY) {
        vm_phase(vm, PHASE_READY);
        vm_agent_look(vm);
    }
}

void vm_input(struct vm *vm, enum lifecycle_input input) {
    struct lifecycle_step step = lifecycle_step(vm->state, input);
    if (!step.listed)
        return;
    if (step.next != vm->state)
        enter(vm, step.next, input);
    else if (input == INPUT_DEADLINE) /* whatever else comes does not put the deadline off */
        arm(vm);
    perform(vm, step.effect);
    seek_readiness(vm);
    alloc_replace(&vm->launch.reason, alloc_string(vm->reason));
    vm->listener->changed(vm->listener->context, vm);
    /* A guest that was ready before it was paused, or before we found it, still is. */
    if (vm->state == STATE_RUNNING && vm->launch.phases_ms[PHASE_READY])
        vm_input(vm, INPUT_READY);
}

/* --- what the process and the console say --- */

static char *describe_end(struct vm *vm, const struct process_end *end) {
    scoped(alloc_release) char *words = vm_report_last_words(vm->plan.qemu_log, vm->log_start);
    bool began = vm->state != STATE_STARTING && vm->state != STATE_ABORTING;
    const char *when = began ? "QEMU ended" : "QEMU did not start";
    if (!end->status_known)
        return alloc_printf(
            "QEMU ended, how is not known because an earlier supervisor began it%s%s",
            words[0] ? ": " : "", words);
    if (end->signal)
        return alloc_printf("%s (signal %d)%s%s", when, end->signal, words[0] ? ": " : "", words);
    scoped(alloc_release) char *holders = vm_report_holders(words);
    return alloc_printf("%s (exit %d)%s%s%s", when, end->exit_status, words[0] ? ": " : "", words,
                        holders);
}

static void record_end(struct vm *vm, const struct process_end *end) {
    bool wished =
        vm->state == STATE_STOPPING || vm->state == STATE_QUITTING || vm->state == STATE_KILLING;
    bool killed = vm->state == STATE_KILLING;
    uint64_t began = vm->stop_began_ms ? vm->stop_began_ms : vm->since_ms;
    struct store_launch *launch = &vm->launch;
    alloc_replace(&launch->end_cause,
                  killed ? alloc_string("killed") : vm_report_cause(end, vm->shutdown_reason));
    alloc_replace(&vm->outcome, vm_report_stop(launch->end_cause, killed, launch->presses,
                                               clock_monotonic_ms() - began));
    if (vm->stop_began_ms || killed)
        alloc_replace(&launch->end_text, alloc_string(vm->outcome));
    else
        alloc_replace(&launch->end_text, vm_report_unasked(launch->end_cause));
    if (!wished)
        alloc_replace(&launch->end_text, describe_end(vm, end));
    alloc_replace(&launch->serial_tail, console_tail(vm->console, 10));
    launch->ended_ms = clock_wall_ms();
    if (vm->state != STATE_ABORTING || !vm->reason)
        vm_set_reason(vm, launch->end_text);
}

static void on_process_end(void *owner, const struct process_end *end) {
    struct vm *vm = owner;
    monitor_drain(vm->monitor);
    if (!vm->process) /* which told that it is another VM */
        return;
    record_end(vm, end);
    vm_input(vm, INPUT_EXITED);
}

/* The EFI stub speaks even when the kernel is told to be quiet. */
static void on_output(void *owner, const char *data, size_t length) {
    struct vm *vm = owner;
    vm_phase(vm, PHASE_FIRMWARE);
    if (!vm->launch.phases_ms[PHASE_KERNEL] &&
        (memmem(data, length, "EFI stub:", 9) || memmem(data, length, "Linux version", 13)))
        vm_phase(vm, PHASE_KERNEL);
}

/* --- launching --- */

static bool spawn(struct vm *vm, struct error *error) {
    struct vm_spawned spawned;
    struct stat log;
    vm->log_start = stat(vm->plan.qemu_log, &log) == 0 ? log.st_size : 0;
    if (!vm_plan_spawn(&vm->plan, vm->loop, vm, on_process_end, &spawned, error))
        return false;
    vm->process = spawned.process;
    vm->launch.pid = process_pid(vm->process);
    vm->launch.pid_start = process_start(vm->process);
    vm->monitor = monitor_adopt(vm->loop, spawned.qmp_fd, vm, vm_qmp_on_item);
    vm->console =
        console_open(vm->loop, spawned.console_fd, NULL, vm->plan.console_log, vm, on_output);
    vm_phase(vm, PHASE_LAUNCHED);
    return true;
}

static void take_plan(struct vm *vm, struct vm_plan *plan) {
    vm_plan_done(&vm->plan);
    store_launch_done(&vm->launch);
    vm->plan = *plan;
    vm->launch = plan->launch;
    vm->plan.launch = (struct store_launch){0};
    alloc_replace(&vm->provision_result, plan->provision_result);
    vm->plan.provision_result = NULL;
    boot_done(&vm->boot);
    *plan = (struct vm_plan){0};
    vm->shutdown_reason[0] = 0;
    vm->stop_began_ms = 0;
    vm->launched_ms = 0;
    vm->log_start = 0;
    vm->refusal = ERROR_NONE;
    vm_helpers_watch(vm);
}

void vm_adopt(struct vm *vm, struct vm_plan *plan) {
    take_plan(vm, plan);
    struct stat log;
    vm->log_start = stat(vm->plan.qemu_log, &log) == 0 ? log.st_size : 0;
    vm->process =
        process_watch(vm->loop, vm->plan.found_pid, vm->plan.found_start, vm, on_process_end);
    if (vm->plan.console_path)
        vm->console =
            console_open(vm->loop, -1, vm->plan.console_path, vm->plan.console_log, vm, on_output);
    vm_set_reason(vm, "found running; asking it over QMP");
    vm_input(vm, INPUT_FOUND);
}

/* The record of a launch that came to nothing; without a number there is none. */
static void record_no_launch(struct vm *vm, const char *cause, const char *text) {
    if (!vm->launch.number)
        return;
    vm->launch.ended_ms = clock_wall_ms();
    alloc_replace(&vm->launch.end_cause, alloc_string(cause));
    alloc_replace(&vm->launch.end_text, alloc_string(text));
}

void vm_prepared(struct vm *vm, struct vm_plan *plan, const struct error *error) {
    struct error problem = {0};
    bool closing = vm->closing;
    vm->preparing = false;
    drop_handle(vm);
    if (closing)
        return;
    if (plan && plan->found_pid && vm->state == STATE_STARTING) {
        vm_adopt(vm, plan);
        return;
    }
    if (plan && !plan->found_pid)
        take_plan(vm, plan);
    if (vm->state != STATE_STARTING) { /* it was stopped meanwhile; one that was found lives on */
        record_no_launch(vm, "cancelled", "stopped before QEMU was started");
        alloc_replace(&vm->outcome, alloc_string("before QEMU was started"));
        vm_input(vm, INPUT_LAUNCH_FAILED);
        return;
    }
    if (plan && spawn(vm, &problem)) {
        vm->listener->changed(vm->listener->context, vm);
        return;
    }
    vm_set_reason(vm, plan ? problem.text : error->text);
    vm->refusal = plan ? problem.code : error->code;
    if (plan)
        record_no_launch(vm, "not-spawned", problem.text);
    vm_input(vm, INPUT_LAUNCH_FAILED);
}

/* --- requests --- */

void vm_start(struct vm *vm) {
    if (vm->preparing) /* a launch that was cancelled is still on its way back */
        return;
    if (!lifecycle_has_process(vm->state)) { /* what comes now is no part of the launch before */
        store_launch_done(&vm->launch);
        alloc_replace(&vm->outcome, NULL);
    }
    vm_input(vm, INPUT_START);
}

static bool is_on_its_way_down(const struct vm *vm) {
    return vm->state == STATE_STOPPING || vm->state == STATE_QUITTING ||
           vm->state == STATE_KILLING || vm->state == STATE_ABORTING;
}

/* 0 is for ever. */
static bool is_shorter(uint64_t limit_ms, uint64_t than_ms) {
    return limit_ms != 0 && (than_ms == 0 || limit_ms < than_ms);
}

/* Of two that stop the same VM the stricter one counts. The limit of one that forbids QEMU to be
 * told to quit is no limit for one that allows it. */
static void tighten(struct vm *vm, const struct vm_stop_options *options) {
    uint64_t elapsed_ms = clock_monotonic_ms() - vm->stop_began_ms;
    uint64_t limit_ms = options->limit_ms ? elapsed_ms + options->limit_ms : 0;
    bool allows = !options->no_escalate && !vm->may_escalate;
    bool forbids = options->no_escalate && vm->may_escalate;
    if (forbids || (!allows && !is_shorter(limit_ms, vm->stop_limit_ms)))
        return;
    vm->may_escalate |= allows;
    vm->stop_limit_ms = limit_ms;
    if (limit_ms)
        vm_hurry(vm, options->limit_ms);
    else
        uv_timer_stop(&vm->deadline);
}

void vm_stop(struct vm *vm, const struct vm_stop_options *options) {
    if (vm->state == STATE_STOPPING) {
        tighten(vm, options);
    } else if (!is_on_its_way_down(vm)) {
        vm->launch.presses = 0;
        vm->stop_began_ms = clock_monotonic_ms();
        vm->stop_limit_ms = options->limit_ms;
        vm->may_escalate = !options->no_escalate;
    }
    vm_input(vm, options->force ? INPUT_FORCE_STOP : INPUT_STOP);
}

/* Who pauses a VM that a full disk paused does not want it to go on by itself. */
void vm_request(struct vm *vm, enum lifecycle_input input) {
    if (input == INPUT_PAUSE && vm->state == STATE_PAUSED &&
        uv_is_active((uv_handle_t *)&vm->space)) {
        uv_timer_stop(&vm->space);
        vm_explain(vm, "paused by request; before that the disk of the host was full");
    }
    vm_input(vm, input);
}

void vm_explain(struct vm *vm, const char *format, ...) {
    struct buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    vm_tell(vm, "reason", "%s", text.data);
    alloc_replace(&vm->reason, buffer_take(&text));
    alloc_replace(&vm->launch.reason, alloc_string(vm->reason));
    vm->listener->changed(vm->listener->context, vm);
}

/* A sign that comes after a later one (a quiet kernel is first heard of by its agent) says nothing.
 */
static bool is_overtaken(const struct vm *vm, enum store_phase phase) {
    for (int later = (int)phase; later <= PHASE_READY; later++)
        if (vm->launch.phases_ms[later])
            return true;
    return vm->launch.phases_ms[phase] != 0;
}

/* The time between phases is true even when somebody sets the host's clock during the boot. */
static int64_t phase_time(const struct vm *vm) {
    uint64_t since_launch = clock_monotonic_ms() - vm->launched_ms;
    return vm->launched_ms ? vm->launch.phases_ms[PHASE_LAUNCHED] + (int64_t)since_launch
                           : clock_wall_ms();
}

void vm_phase(struct vm *vm, enum store_phase phase) {
    if (is_overtaken(vm, phase) || !lifecycle_has_process(vm->state))
        return;
    vm->launch.phases_ms[phase] = phase_time(vm);
    if (phase == PHASE_LAUNCHED)
        vm->launched_ms = clock_monotonic_ms();
    vm_tell(vm, "phase", "%s", store_phase_word(phase));
    vm->listener->changed(vm->listener->context, vm);
}

void vm_phoned_home(struct vm *vm, const char *address) {
    vm->plan.phones_home = false;
    if (address)
        alloc_replace(&vm->plan.address, alloc_string(address));
    vm_phase(vm, PHASE_PHONE_HOME);
    vm_input(vm, INPUT_READY);
}

void vm_moved(struct vm *vm, const char *address) {
    if (vm->plan.address && strcmp(vm->plan.address, address) == 0)
        return;
    alloc_replace(&vm->plan.address, alloc_string(address));
    stop_probe(vm);
    seek_readiness(vm);
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
    vm_set_reason(vm, last->end_text);
}

static void drop_handle(struct vm *vm) {
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
    free(vm);
}

static void on_closed(uv_handle_t *handle) {
    drop_handle(handle->data);
}

void vm_close(struct vm *vm) {
    if (!vm || vm->closing)
        return;
    vm->closing = true;
    monitor_close(vm->monitor);
    process_close(vm->process);
    console_close(vm->console);
    stop_probe(vm);
    vm_agent_forget(vm);
    vm_helpers_close(vm);
    uv_close((uv_handle_t *)&vm->deadline, on_closed);
    uv_close((uv_handle_t *)&vm->press, on_closed);
    uv_close((uv_handle_t *)&vm->heartbeat, on_closed);
    uv_close((uv_handle_t *)&vm->space, on_closed);
}
