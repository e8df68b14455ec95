#include "vm_qmp.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "base/space.h"
#include "machine/core/qemu_argv.h"
#include "machine/core/run_state.h"
#include "machine/log_tail.h"
#include "machine/monitor.h"
#include "machine/tick.h"
#include "machine/vm.h"
#include "machine/vm_agent.h"
#include "machine/vm_backup.h"
#include "machine/vm_phases.h"
#include "machine/vm_private.h"
#include "machine/vm_suspend.h"
#include "machine/vm_suspend_qmp.h"
#include "machine/vm_words.h"
#include "qmp/event.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HEARTBEAT "query-status"

static void on_silent(uv_timer_t *timer) {
    vm_heartbeat(timer->data);
}

/* A QEMU that talks is not asked whether it lives, but now and then what it does: the state that a
 * stop left may be another by now (confirm). */
bool vm_heartbeat(struct vm *vm) {
    uint64_t silent_ms = uv_now(vm->loop) - vm->heard_ms;
    if (monitor_state(vm->monitor) != QMP_READY || uv_is_active((uv_handle_t *)&vm->heartbeat))
        return false;
    if (silent_ms < VM_HEARTBEAT_MS && ++vm->beats_skipped < VM_BEATS_SKIPPED_MAX) {
        uv_timer_start(&vm->heartbeat, on_silent, VM_HEARTBEAT_MS - silent_ms, 0);
        return false;
    }
    vm->beats_skipped = 0;
    return monitor_ask(vm->monitor, HEARTBEAT, VM_HEARTBEAT_ANSWER_MS);
}

/* The answer to a heartbeat does not put the next one off: those of all VMs come together. */
static bool is_heard_by(const struct qmp_item *item) {
    return item->kind != QMP_ITEM_REPLY || strcmp(item->command, HEARTBEAT) != 0;
}

#define DRIVE_TAKEN "blockdev-reopen"

/* Resumes a VM that a full disk paused once there is space. Earlier the next write would only pause
 * it again. */
static void on_space_due(uv_timer_t *timer) {
    struct vm *vm = timer->data;
    if (vm->state != STATE_PAUSED) { /* a stop is under way and may be given up */
        return;
    } else if (space_lets_go_on(vm->plan.qemu_log)) {
        vm_tell(vm, STORE_EVENT_DISK, "there is space on the host again: going on");
        vm_input(vm, INPUT_RESUME);
    }
}

static void wait_for_space(struct vm *vm) {
    vm_set_reason(vm,
                  "the disk of the host is full; it goes on by itself when there is space again");
    if (!uv_is_active((uv_handle_t *)&vm->space))
        uv_timer_start(&vm->space, on_space_due, VM_SPACE_CHECK_MS, VM_SPACE_CHECK_MS);
}

/* --- why QEMU stopped it --- */

/* The log offset at which this launch begins. For an adopted VM it is not known; when the log is
 * not older than the launch, its last lines belong to this launch. File times may be whole seconds.
 */
static off_t words_start(const struct vm *vm) {
    struct stat log;
    bool wrote = !vm->launched_ms && stat(vm->plan.qemu_log, &log) == 0 &&
                 vm->launch.phases_ms[PHASE_LAUNCHED] &&
                 log.st_mtime >= vm->launch.phases_ms[PHASE_LAUNCHED] / 1000;
    return wrote ? 0 : vm->log_start;
}

/* Sets the reason from the run state alone; an event may know more. */
static void explain_run_state(struct vm *vm, const char *run_state) {
    bool failed = strcmp(run_state, "internal-error") == 0;
    scoped(alloc_release) char *words =
        failed ? log_tail_error(vm->plan.qemu_log, words_start(vm)) : alloc_string("");
    struct run_state_context context = {vm->name, vm->plan.accel, words};
    alloc_replace(&vm->reason, run_state_reason(run_state, &context));
}

static void on_job_error(struct vm *vm, const struct qmp_event *event) {
    scoped(alloc_release) char *text = name_printable(event->reason, strlen(event->reason), 100);
    scoped(alloc_release) char *reason =
        alloc_printf("%s and stopped it%s%s; `pgsup resume %s` lets it go on",
                     event->nospace ? "a job of QEMU on its disks failed"
                                    : "its disk, or a job of QEMU on it, failed",
                     text[0] ? ": " : "", text, vm->name);
    vm->disk_full = false;
    vm_set_reason(vm, reason);
}

/* QEMU tells of both in the same words, also in query-block and query-jobs. */
static bool is_of_job(const struct vm *vm, const struct qmp_event *event) {
    return event->under_job && !(event->nospace && space_is_short(vm->plan.qemu_log));
}

static void on_disk_error(struct vm *vm, const struct qmp_event *event) {
    if (strcmp(event->action, "stop") != 0)
        return;
    if (is_of_job(vm, event)) {
        on_job_error(vm, event);
        return;
    }
    bool was_full = vm->disk_full; /* told for each write that waits */
    vm->disk_full = event->nospace;
    if (event->nospace) {
        if (!was_full && vm->state == STATE_STOPPING && vm->launch.presses == 1)
            vm_notice(vm, "its guest cannot shut down while the disk of the host is full");
        wait_for_space(vm);
        return;
    }
    scoped(alloc_release) char *text = name_printable(event->reason, strlen(event->reason), 100);
    explain_run_state(vm, "io-error");
    if (event->reason[0])
        alloc_replace(&vm->reason, alloc_printf("%s: %s", vm->reason, text));
}

/* The other actions (reset, poweroff) lead to events of their own. */
static void on_watchdog(struct vm *vm, const struct qmp_event *event) {
    if (strcmp(event->action, "pause") == 0)
        explain_run_state(vm, "watchdog");
}

/* The run state explains a stop that was not requested (on_status). */
static void on_stop(struct vm *vm) {
    bool asked = vm->stopping_vcpus;
    vm->stopping_vcpus = false;
    vm_input(vm, INPUT_QMP_STOP);
    if (!asked)
        vm_command(vm, "query-status");
}

/* A guest that was running keeps running; a paused one is resumed if its reset was requested. */
static void on_reset(struct vm *vm, bool by_guest) {
    bool asked = vm->resetting && !by_guest;
    if (vm->panicked) {
        vm->panicked = false;
        vm_set_reason(vm, NULL);
    }
    if (by_guest && (vm->state == STATE_READY || vm->state == STATE_RUNNING)) {
        vm->launch.phases_ms[PHASE_READY] = 0;
        vm_input(vm, INPUT_GUEST_RESET);
    } else if (asked) {
        vm->resetting = vm->halted = vm->needs_reset = vm->boot_ended = false;
        vm_input(vm, INPUT_RESET_DONE);
    }
}

static void on_event(struct vm *vm, const struct qmp_item *item) {
    struct qmp_event event;
    qmp_event_decode(item->name, item->value, &event);
    if (event.kind != QMP_EVENT_JOB_STATUS_CHANGE)
        vm_tell(vm, STORE_EVENT_QMP, "%s%s%s%s%s%s", item->name, event.reason[0] ? " " : "",
                event.reason, event.action[0] ? " (" : "", event.action,
                event.action[0] ? ")" : "");
    switch (event.kind) {
    case QMP_EVENT_SHUTDOWN:
        snprintf(vm->shutdown_reason, sizeof vm->shutdown_reason, "%s", event.reason);
        vm_input(vm, INPUT_SHUTDOWN);
        break;
    case QMP_EVENT_RESET: on_reset(vm, event.guest); break;
    case QMP_EVENT_GUEST_PANICKED: explain_run_state(vm, "guest-panicked"); break;
    case QMP_EVENT_BLOCK_IO_ERROR: on_disk_error(vm, &event); break;
    case QMP_EVENT_STOP: on_stop(vm); break;
    case QMP_EVENT_RESUME:
        vm->disk_full = false; /* a write that still fails is told anew */
        vm_input(vm, INPUT_QMP_RESUME);
        break;
    case QMP_EVENT_VSERPORT_CHANGE:
        if (event.open)
            vm_phase(vm, PHASE_KERNEL);
        if (strcmp(event.device, QEMU_ARGV_AGENT) == 0)
            vm_agent_port_changed(vm, event.open, clock_wall_ms());
        vm_suspend_set_clock(vm);
        break;
    case QMP_EVENT_WATCHDOG: on_watchdog(vm, &event); break;
    case QMP_EVENT_POWERDOWN:
    case QMP_EVENT_SUSPEND:
    case QMP_EVENT_WAKEUP:
    case QMP_EVENT_JOB_STATUS_CHANGE:
    case QMP_EVENT_OTHER: break;
    }
}

/* qapi/run-state.json, RunState: why a VM that was found paused is so, which an event would have
 * told. */
static void explain_found(struct vm *vm, const char *status) {
    if (strcmp(status, "io-error") == 0 && vm->disk_full)
        wait_for_space(vm);
    else
        explain_run_state(vm, status);
}

/* For a pause that no event has explained. */
static void explain_stop(struct vm *vm, const char *status) {
    explain_found(vm, status);
    if (!vm->reason)
        return;
    scoped(alloc_release) char *reason = alloc_string(vm->reason);
    vm_explain(vm, "%s", reason);
}

/* The process behind the socket is another VM and is not touched. */
static void disown(struct vm *vm, const char *other) {
    scoped(alloc_release) char *name = name_printable(other, strlen(other), 64);
    scoped(alloc_release) char *reason = alloc_printf(
        "the process on its QMP socket is another VM (%s), which pgsup does not touch", name);
    vm_set_reason(vm, reason);
    vm_plan_disown_files(&vm->plan);
    vm_input(vm, INPUT_EXITED);
}

static void on_uuid(struct vm *vm, json_t *value) {
    const char *uuid = json_string_value(json_object_get(value, "UUID"));
    if (uuid && strcmp(uuid, vm->uuid) != 0)
        disown(vm, uuid);
}

/* qapi/block-core.json, BlockInfo: io-status is that of the error which paused the VM. */
static void on_block(struct vm *vm, json_t *devices) {
    size_t index;
    json_t *device;
    vm->disk_full = false;
    json_array_foreach(devices, index, device) {
        const char *status = json_string_value(json_object_get(device, "io-status"));
        if (status && strcmp(status, "nospace") == 0)
            vm->disk_full = true;
    }
    vm_suspend_on_block(vm, devices);
}

/* qapi/job.json, JobInfo: what somebody began over the second monitor, or a supervisor before. */
static void on_jobs(struct vm *vm, json_t *jobs) {
    size_t index;
    json_t *job;
    json_array_foreach(jobs, index, job) {
        const char *id = json_string_value(json_object_get(job, "id"));
        const char *type = json_string_value(json_object_get(job, "type"));
        const char *status = json_string_value(json_object_get(job, "status"));
        scoped(alloc_release) char *name = name_printable(id ? id : "", id ? strlen(id) : 0, 64);
        vm_tell(vm, STORE_EVENT_JOB, "%s (%.40s) is %.40s", name, type ? type : "?",
                status ? status : "?");
    }
    if (json_array_size(jobs) > 0 && !space_is_short(vm->plan.qemu_log))
        vm->disk_full = false; /* its own is not: as on_job_error() */
    vm_backup_on_jobs(vm, jobs);
    vm_suspend_on_jobs(vm, jobs);
}

/* qapi/char.json, ChardevInfo: frontend-open is whether the guest has opened the port. */
static void on_chardevs(struct vm *vm, json_t *chardevs) {
    size_t index;
    json_t *chardev;
    json_array_foreach(chardevs, index, chardev) {
        const char *label = json_string_value(json_object_get(chardev, "label"));
        if (label && strcmp(label, QEMU_ARGV_AGENT) == 0)
            vm_agent_port_changed(vm, json_is_true(json_object_get(chardev, "frontend-open")),
                                  vm->connected_ms);
    }
}

/* One monitor delivers events and replies in order, so events have reported every change already.
 * But a stop that was given up returns to "running" whatever happened meanwhile. */
static void confirm(struct vm *vm, enum lifecycle_input found, const char *status) {
    bool runs =
        vm->state == STATE_BOOTING || vm->state == STATE_RUNNING || vm->state == STATE_READY;
    if (runs && found == INPUT_FOUND_PAUSED) {
        explain_found(vm, status);
        vm_input(vm, INPUT_QMP_STOP);
    } else if (vm->state == STATE_PAUSED && found == INPUT_FOUND_RUNNING) {
        vm_input(vm, INPUT_QMP_RESUME);
    } else if (vm->state == STATE_PAUSED && !vm->reason) {
        explain_stop(vm, status);
    }
}

/* What events would have told: QEMU replays none. A VM that stands still is not judged before its
 * disks and jobs are known; one that runs is, and the rest of it is asked for when those that were
 * found with it have been heard. Only the agent of a running guest is asked, so its port is last.
 */
static const char *const of_running[] = {"query-jobs", "query-chardev", NULL};
static const char *const of_halted[] = {"query-block", "query-jobs", "query-status",
                                        "query-chardev", NULL};

static void examine(struct vm *vm, const char *const *questions) {
    vm->unexamined = false;
    monitor_send_all(vm->monitor, questions);
}

static void on_examination_due(uv_timer_t *timer) {
    struct vm *vm = timer->data;
    if (vm->unexamined && monitor_state(vm->monitor) == QMP_READY)
        examine(vm, of_running);
}

static void on_status(struct vm *vm, json_t *value) {
    const char *status = json_string_value(json_object_get(value, "status"));
    bool pressing = uv_is_active((uv_handle_t *)&vm->press);
    bool asked = vm->state == STATE_LOST || vm->state == STATE_QUITTING ||
                 (vm->state == STATE_STOPPING && !pressing);
    if (!status)
        return;
    bool runs = strcmp(status, "running") == 0;
    if (vm->unexamined && !runs) {
        examine(vm, of_halted);
        return;
    }
    if (vm->unexamined) {
        vm->disk_full = vm->disk_full && !runs;
        uv_timer_start(&vm->heartbeat, on_examination_due, VM_EXAMINATION_MS, 0);
    }
    vm->halted = run_state_is_halt(status);
    vm->needs_reset = run_state_needs_reset(status);
    vm->boot_ended = run_state_ends_boot(status);
    if (vm->state == STATE_LOST && vm_suspend_take_over(vm, status))
        return;
    if (vm->state == STATE_LOST)
        explain_found(vm, status);
    if (asked)
        vm_input(vm, lifecycle_found_input(status));
    else
        confirm(vm, lifecycle_found_input(status), status);
    if (vm->boot_ended)
        vm->listener->changed(vm->listener->context, vm);
}

static const struct question {
    const char *command;
    void (*on_return)(struct vm *vm, json_t *value);
} questions[] = {
    {"query-uuid", on_uuid},     {"query-block", on_block},      {"query-jobs", on_jobs},
    {"query-status", on_status}, {"query-chardev", on_chardevs},
};
enum { QUESTIONS = sizeof questions / sizeof *questions };

/* --- drives of a QEMU that started as root --- */

static void begin_boot(struct vm *vm) {
    log_tail_warnings(vm->plan.qemu_log, vm->log_start, &vm->plan.warnings);
    vm_phase(vm, PHASE_STARTED);
    if (vm->plan.wakes)
        vm_suspend_load(vm);
    else
        vm_input(vm, INPUT_QMP_READY);
}

/* QEMU executes in this order. */
static void add_drives(struct vm *vm) {
    const struct vm_drives *drives = &vm->plan.drives;
    vm->drives_missing = drives->count;
    for (size_t i = 0; i < drives->count; i++) {
        monitor_send(vm->monitor, "blockdev-add", vm_drive_add(&drives->items[i]), NULL);
        monitor_send(vm->monitor, DRIVE_TAKEN, vm_drive_reopen(&drives->items[i]), NULL);
    }
}

static void on_drive_taken(struct vm *vm) {
    if (vm->state == STATE_STARTING && vm->drives_missing > 0 && --vm->drives_missing == 0)
        begin_boot(vm);
}

static void on_drive_refused(struct vm *vm, const char *text) {
    if (vm->state != STATE_STARTING || vm->drives_missing == 0)
        return;
    vm->drives_missing = 0;
    scoped(alloc_release) char *why = alloc_printf("QEMU cannot open a disk: %s", text);
    vm_set_reason(vm, why);
    vm_input(vm, INPUT_QMP_LOST);
}

static void on_refusal(struct vm *vm, const struct qmp_item *item) {
    if (strcmp(item->command, "stop") == 0)
        vm->stopping_vcpus = false;
    scoped(alloc_release) char *text = name_printable(item->text, strlen(item->text), 200);
    vm_tell(vm, STORE_EVENT_QMP, "%s refused: %s", item->command, text);
    if (strncmp(item->command, "blockdev-", strlen("blockdev-")) == 0)
        on_drive_refused(vm, text);
    if (vm_suspend_on_refusal(vm, item, text))
        return;
    vm->listener->refused(vm->listener->context, vm, item->command, text);
}

static void on_return(struct vm *vm, const struct qmp_item *item) {
    if (vm_suspend_on_return(vm, item))
        return;
    for (size_t i = 0; i < QUESTIONS; i++)
        if (strcmp(questions[i].command, item->command) == 0)
            questions[i].on_return(vm, item->value);
    if (strcmp(item->command, DRIVE_TAKEN) == 0)
        on_drive_taken(vm);
}

/* A heartbeat that is not answered means nothing while a disk may be what QEMU waits for. */
static bool is_at_work(const struct vm *vm, const struct qmp_item *item) {
    bool runs = vm->state == STATE_BOOTING || vm->state == STATE_RUNNING ||
                vm->state == STATE_READY || vm->state == STATE_PAUSED;
    return !is_heard_by(item) &&
           (vm_suspend_is_at_work(vm) || (runs && vm_backup_is_worked_on(vm)));
}

static void on_reply(struct vm *vm, const struct qmp_item *item) {
    switch (item->status) {
    case QMP_STATUS_RETURN: on_return(vm, item); break;
    case QMP_STATUS_ERROR: on_refusal(vm, item); break;
    case QMP_STATUS_TIMEOUT:
        if (is_at_work(vm, item))
            break;
        vm_set_reason(vm, item->text);
        vm_input(vm, INPUT_QMP_LOST);
        break;
    case QMP_STATUS_LOST: break; /* the item that says so follows */
    }
}

static void on_retry(uv_timer_t *timer) {
    struct vm *vm = timer->data;
    if (vm->state == STATE_STOPPING)
        vm_input(vm, INPUT_QMP_LOST);
}

/* During a start QEMU's exit usually follows and says more. */
static void on_lost(struct vm *vm, const char *text) {
    uv_timer_stop(&vm->heartbeat);
    if (vm->state == STATE_LOST) { /* an attempt to reconnect failed */
        if (!vm->reason || strcmp(vm->reason, text) != 0)
            vm_explain(vm, "%s", text);
        return;
    }
    if (vm->state == STATE_ABORTING) /* SIGKILL was sent */
        return;
    vm_set_reason(vm, text);
    if (vm->state == STATE_STARTING)
        vm_set_deadline(vm, VM_EXIT_TIMEOUT_MS);
    else if (vm->state == STATE_STOPPING && !vm->answered) /* an attempt to reconnect failed */
        tick_start(&vm->heartbeat, on_retry, VM_RETRY_MS);
    else
        vm_input(vm, INPUT_QMP_LOST);
}

void vm_qmp_on_item(void *owner, const struct qmp_item *item) {
    struct vm *vm = owner;
    if (is_heard_by(item))
        vm->heard_ms = uv_now(vm->loop);
    switch (item->kind) {
    case QMP_ITEM_READY:
        vm->answered = true;
        uv_timer_stop(&vm->heartbeat);
        if (vm->state == STATE_STARTING) {
            if (vm->plan.drives.count)
                add_drives(vm);
            else
                begin_boot(vm);
        }
        break;
    case QMP_ITEM_REPLY: on_reply(vm, item); break;
    case QMP_ITEM_EVENT:
        on_event(vm, item);
        vm_backup_on_event(vm, item);
        vm_suspend_on_event(vm, item);
        break;
    case QMP_ITEM_LOST:
        uv_timer_stop(&vm->heartbeat);
        on_lost(vm, item->text);
        break;
    }
}
