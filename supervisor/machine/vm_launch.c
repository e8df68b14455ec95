#include "vm_launch.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "machine/console.h"
#include "machine/core/suspend_tag.h"
#include "machine/log_tail.h"
#include "machine/monitor.h"
#include "machine/process.h"
#include "machine/vm.h"
#include "machine/vm_helpers.h"
#include "machine/vm_phases.h"
#include "machine/vm_private.h"
#include "machine/vm_qmp.h"
#include "machine/vm_report.h"
#include "machine/vm_suspend.h"
#include "machine/vm_suspend_qmp.h"
#include "machine/vm_words.h"

#include <string.h>
#include <sys/stat.h>

/* --- what the process and the console say --- */

static char *describe_end(struct vm *vm, const struct process_end *end) {
    scoped(alloc_release) char *words = log_tail_read(vm->plan.qemu_log, vm->log_start);
    bool began = vm->state != STATE_STARTING && vm->state != STATE_ABORTING;
    const char *when = began ? "QEMU ended" : "QEMU did not start";
    if (!end->status_known)
        return alloc_printf(
            "QEMU ended, how is not known because an earlier supervisor began it%s%s",
            words[0] ? ": " : "", words);
    if (end->signal)
        return alloc_printf("%s (signal %d)%s%s%s", when, end->signal, words[0] ? ": " : "", words,
                            began ? "" : vm_report_denial(end, words));
    scoped(alloc_release) char *holders = vm_report_holders(words);
    scoped(alloc_release) char *machine = vm_report_unknown_machine(vm->name, words);
    scoped(alloc_release) char *port = vm_report_taken_port(vm->name, words);
    return alloc_printf("%s (exit %d)%s%s%s%s%s%s", when, end->exit_status, words[0] ? ": " : "",
                        words, holders, machine, port, vm_report_denial(end, words));
}

static void record_end(struct vm *vm, const struct process_end *end) {
    bool wished =
        vm->state == STATE_STOPPING || vm->state == STATE_QUITTING || vm->state == STATE_KILLING;
    bool killed = vm->state == STATE_KILLING;
    uint64_t began = vm->stop_began_ms ? vm->stop_began_ms : vm->since_ms;
    struct store_launch *launch = &vm->launch;
    vm->suspended = vm->suspended && wished;
    alloc_replace(&launch->end_cause, vm->suspended ? alloc_string(SUSPEND_STATE)
                                      : killed      ? alloc_string("killed")
                                                    : vm_report_cause(end, vm->shutdown_reason));
    alloc_replace(&vm->outcome, vm->suspended
                                    ? vm_suspend_outcome(vm)
                                    : vm_report_stop(launch->end_cause, killed, launch->presses,
                                                     clock_monotonic_ms() - began, vm->disk_full));
    if (vm->stop_began_ms || killed || vm->suspended)
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
    if (!vm->process) /* QMP has shown that it is another VM */
        return;
    record_end(vm, end);
    vm_input(vm, INPUT_EXITED);
}

/* Linux, kernel/panic.c: that it has halted and will not reboot by itself. Most panics are told by
 * the panic device, but its driver comes late in a boot. */
static void look_for_panic(struct vm *vm, size_t new_bytes) {
    bool boots = vm->state == STATE_STARTING || vm->state == STATE_BOOTING;
    if (!boots || vm->panicked || !console_said(vm->console, "---[ end Kernel panic", new_bytes))
        return;
    vm->panicked = true;
    vm_set_reason(vm, VM_PANICKED);
    alloc_replace(&vm->launch.reason, alloc_string(VM_PANICKED));
    vm_tell(vm, STORE_EVENT_NOTICE, "%s", VM_PANICKED);
    vm->listener->changed(vm->listener->context, vm);
}

/* The EFI stub writes even when the kernel is quiet, but not if GRUB silences it. Then it may be a
 * line with the kernel's time, "[    0.168029] Early cacheinfo failed", that shows it. */
static void look_for_kernel(struct vm *vm, size_t new_bytes) {
    static const char *const signs[] = {"EFI stub:", "Linux version", "\n[    "};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (!vm->launch.phases_ms[PHASE_KERNEL] && console_said(vm->console, signs[i], new_bytes))
            vm_phase(vm, PHASE_KERNEL);
}

static void on_output(void *owner, const char *data, size_t length) {
    struct vm *vm = owner;
    vm_phase(vm, PHASE_FIRMWARE);
    look_for_kernel(vm, length);
    look_for_panic(vm, length);
    vm->listener->output(vm->listener->context, vm, data, length);
}

/* --- launching --- */

static void mark_boot(struct vm *vm) {
    char time[CLOCK_RFC3339_SIZE];
    clock_rfc3339(clock_wall_ms(), time);
    scoped(alloc_release) char *line =
        alloc_printf("--- pgsup: boot %lld, %s", (long long)vm->launch.number, time);
    console_mark(vm->console, line);
}

static bool vm_spawn(struct vm *vm, struct error *error) {
    const struct process_listener listener = {vm, on_process_end};
    struct vm_spawned spawned;
    struct stat log;
    vm->log_start = stat(vm->plan.qemu_log, &log) == 0 ? log.st_size : 0;
    if (!vm_plan_spawn(&vm->plan, vm->loop, &listener, &spawned, error))
        return false;
    vm->process = spawned.process;
    vm->launch.pid = process_pid(vm->process);
    vm->launch.pid_start = process_start(vm->process);
    vm->monitor = monitor_adopt(vm->loop, spawned.qmp_fd, vm, vm->on_qmp_item);
    vm->console = console_adopt(vm->loop, spawned.console_fd, vm->plan.console_log, vm, on_output);
    mark_boot(vm);
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
    vm->seed_fetched = vm->suspended = vm->save_failed = false;
    vm->log_start = 0;
    vm->refusal = ERROR_NONE;
    vm->stopping_vcpus = vm->resetting = vm->halted = vm->needs_reset = vm->boot_ended = false;
    vm->panicked = vm->unexamined = false;
    vm->on_qmp_item = vm_qmp_on_item;
    vm_helpers_watch(vm);
}

void vm_launch_adopt(struct vm *vm, struct vm_plan *plan) {
    take_plan(vm, plan);
    vm_suspend_recall(vm);
    struct stat log;
    vm->log_start = stat(vm->plan.qemu_log, &log) == 0 ? log.st_size : 0;
    vm->process =
        process_watch(vm->loop, vm->plan.found_pid, vm->plan.found_start, vm, on_process_end);
    if (vm->plan.files[RUN_FILE_CONSOLE])
        vm->console = console_connect(vm->loop, vm->plan.files[RUN_FILE_CONSOLE],
                                      vm->plan.console_log, vm, on_output);
    vm_set_reason(vm, "found running; asking it over QMP");
    vm_input(vm, INPUT_FOUND);
}

/* Records a launch that failed; a launch without a number has no record. */
static void record_no_launch(struct vm *vm, const char *cause, const char *text) {
    if (!vm->launch.number)
        return;
    vm->launch.ended_ms = clock_wall_ms();
    alloc_replace(&vm->launch.end_cause, alloc_string(cause));
    alloc_replace(&vm->launch.end_text, alloc_string(text));
}

bool vm_launch_begins(struct vm *vm) {
    vm->queued = false;
    if (vm->closing || vm->state != STATE_STARTING)
        return false;
    vm_set_deadline(vm, lifecycle_deadline_ms(STATE_STARTING));
    return true;
}

void vm_launch_prepared(struct vm *vm, struct vm_plan *plan, const struct error *error) {
    struct error problem = {0};
    bool closing = vm->closing;
    vm->preparing = false;
    vm_drop_handle(vm);
    if (closing)
        return;
    if (plan && plan->found_pid && vm->state == STATE_STARTING) {
        vm_launch_adopt(vm, plan);
        return;
    }
    if (plan && !plan->found_pid)
        take_plan(vm, plan);
    if (vm->state !=
        STATE_STARTING) { /* it was stopped meanwhile; a process that was found keeps running */
        record_no_launch(vm, "cancelled", "stopped before QEMU was started");
        alloc_replace(&vm->outcome, alloc_string("before QEMU was started"));
        vm_input(vm, INPUT_LAUNCH_FAILED);
        return;
    }
    if (plan && vm_spawn(vm, &problem)) {
        vm->listener->changed(vm->listener->context, vm);
        return;
    }
    vm_set_reason(vm, plan ? problem.text : error->text);
    vm->refusal = plan ? problem.code : error->code;
    if (plan)
        record_no_launch(vm, "not-spawned", problem.text);
    vm_input(vm, INPUT_LAUNCH_FAILED);
}
