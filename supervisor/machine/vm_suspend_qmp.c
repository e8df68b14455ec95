#include "vm_suspend_qmp.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "machine/core/qemu_argv.h"
#include "machine/core/suspend_tag.h"
#include "machine/log_tail.h"
#include "machine/monitor.h"
#include "machine/vm_backup.h"
#include "machine/vm_private.h"
#include "machine/vm_suspend.h"
#include "machine/vm_wake.h"
#include "machine/vm_words.h"

#include <string.h>

#define JOB_LOAD   "pgsup-load"
#define JOB_FORGET "pgsup-forget"

/* --- QMP --- */

static void dismiss(struct vm *vm, const char *id) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, "id", json_string(id));
    monitor_send(vm->monitor, "job-dismiss", arguments, NULL);
}

/* QEMU takes them in this order. The disk with the memory is the last to get its snapshot and the
 * first to lose it: if QEMU is killed in between, there is no memory that lacks a disk. */
static json_t *ordered_disks(const struct vm *vm, bool saves) {
    json_t *disks = json_copy(vm->suspend.disks);
    json_t *first = json_incref(json_array_get(disks, 0));
    if (saves && json_array_remove(disks, 0) == 0)
        json_array_append(disks, first);
    json_decref(first);
    return disks;
}

/* qapi/migration.json, snapshot-save, snapshot-load, snapshot-delete. */
static json_t *job_arguments(const struct vm *vm, const char *id, const char *tag) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, "job-id", json_string(id));
    json_object_set_new(arguments, "tag", json_string(tag));
    json_object_set_new(arguments, "devices", ordered_disks(vm, strcmp(id, SUSPEND_JOB) == 0));
    if (strcmp(id, JOB_FORGET) != 0)
        json_object_set_new(arguments, "vmstate", json_string(vm->suspend.memory));
    return arguments;
}

static json_t *find_job(const json_t *jobs, const char *id) {
    size_t index;
    json_t *job;
    json_array_foreach((json_t *)jobs, index, job) {
        const char *text = json_string_value(json_object_get(job, "id"));
        if (text && strcmp(text, id) == 0)
            return job;
    }
    return NULL;
}

static bool has_concluded(const json_t *job) {
    const char *status = json_string_value(json_object_get(job, "status"));
    return status && strcmp(status, "concluded") == 0;
}

/* NULL: it ended well. Caller frees. */
static char *problem_of(const json_t *job) {
    const char *text = json_string_value(json_object_get(job, "error"));
    return text ? name_printable(text, strlen(text), 200) : NULL;
}

/* --- the disks --- */

/* A node of the VM's own: "disk0", or "disk-NAME" of a disk that it was launched with; the qcow2
 * one that is behind it if QEMU began as root. qemu.args may have called another one alike. */
static bool is_disk(const struct vm *vm, const char *name, bool *boots) {
    const char *own = strncmp(name, "real-", strlen("real-")) == 0 ? name + strlen("real-") : name;
    const char *tag = vm->plan.hardware ? vm->plan.hardware : vm->plan.wakes;
    *boots = strcmp(own, QEMU_ARGV_DISK) == 0;
    return *boots || (tag && strncmp(own, "disk-", strlen("disk-")) == 0 &&
                      suspend_tag_has_disk(tag, own + strlen("disk-")));
}

static void take_tag(struct vm *vm, const json_t *image) {
    size_t index;
    json_t *snapshot;
    json_array_foreach(json_object_get(image, "snapshots"), index, snapshot) {
        const char *name = json_string_value(json_object_get(snapshot, "name"));
        if (name && suspend_tag_is(name))
            alloc_replace(&vm->suspend.found_tag, alloc_string(name));
    }
}

static void on_nodes(struct vm *vm, json_t *nodes) {
    size_t index;
    json_t *node;
    json_decref(vm->suspend.disks);
    vm->suspend.disks = json_array();
    alloc_replace(&vm->suspend.memory, NULL);
    json_array_foreach(nodes, index, node) {
        const char *name = json_string_value(json_object_get(node, "node-name"));
        const char *driver = json_string_value(json_object_get(node, "drv"));
        bool boots = false;
        if (!name || !driver || strcmp(driver, "qcow2") != 0 ||
            json_is_true(json_object_get(node, "ro")) || !is_disk(vm, name, &boots))
            continue;
        if (boots)
            alloc_replace(&vm->suspend.memory, alloc_string(name));
        json_array_insert_new(vm->suspend.disks, boots ? 0 : json_array_size(vm->suspend.disks),
                              json_string(name));
    }
}

/* --- disks that are not its own --- */

/* What a flash chip holds is a part of the memory: QEMU's hw/block/pflash_cfi01.c writes it to its
 * file again when it has been loaded. The board calls it "virt.flash0" or "system.flash1"; what has
 * an id is elsewhere, below peripheral. */
static bool is_flash(const json_t *device) {
    static const char machine[] = "/machine/";
    const char *path = json_string_value(json_object_get(device, "qdev"));
    return path && strncmp(path, machine, strlen(machine)) == 0 &&
           !strchr(path + strlen(machine), '/') && strstr(path, ".flash");
}

/* Writable, by qemu.args: it gets no snapshot, and nothing would tell that it was changed
 * meanwhile. */
static bool is_foreign(const struct vm *vm, const json_t *device, const char *node) {
    bool boots = false;
    return node && !json_is_true(json_object_get(json_object_get(device, "inserted"), "ro")) &&
           !is_flash(device) && !is_disk(vm, node, &boots);
}

static void on_devices(struct vm *vm, json_t *devices) {
    size_t index;
    json_t *device;
    alloc_replace(&vm->suspend.foreign, NULL);
    json_array_foreach(devices, index, device) {
        const json_t *inserted = json_object_get(device, "inserted");
        const char *node = json_string_value(json_object_get(inserted, "node-name"));
        const char *name = json_string_value(json_object_get(device, "device"));
        if (is_foreign(vm, device, node) && !vm->suspend.foreign)
            vm->suspend.foreign = alloc_string(name && *name ? name : node);
    }
}

/* --- to disk --- */

static void fail_save(struct vm *vm, const char *why) {
    vm_suspend_fail(vm, why);
    vm_input(vm, INPUT_SAVE_FAILED);
}

static void complete_save(struct vm *vm) {
    vm_suspend_end(vm);
    vm->suspended = true;
    vm_input(vm, INPUT_SAVED);
}

static void refuse_foreign(struct vm *vm) {
    scoped(alloc_release) char *why =
        alloc_printf("its disk \"%s\", which qemu.args gives it, would not be saved with its "
                     "memory: `pgsup stop %s` shuts it down, or take that disk out of qemu.args",
                     vm->suspend.foreign, vm->name);
    fail_save(vm, why);
}

/* Both are on their way at once, so that no vCPUs stay halted because this process has ended. */
static void save(struct vm *vm) {
    if (!vm->suspend.memory) {
        fail_save(vm, "its QEMU does not have the disk that would hold its memory");
        return;
    }
    if (vm->suspend.foreign) {
        refuse_foreign(vm);
        return;
    }
    const struct qmp_request request = {
        "snapshot-save", job_arguments(vm, SUSPEND_JOB, vm->plan.hardware), &vm->suspend};
    vm->stopping_vcpus = vm->suspend.saves = true;
    monitor_send_behind(vm->monitor, "stop", &request, vm_suspend_limit_ms(vm));
}

/* What an earlier suspension has left, of a guest that went on all the same: its job would count as
 * this save, and its snapshot would be in the way. The event of the deletion comes. */
static bool drop_former(struct vm *vm, const json_t *jobs) {
    const json_t *former = find_job(jobs, SUSPEND_JOB), *forget = find_job(jobs, JOB_FORGET);
    if (has_concluded(forget))
        dismiss(vm, JOB_FORGET);
    if (has_concluded(former)) {
        dismiss(vm, SUSPEND_JOB);
        vm_suspend_send(vm, "snapshot-delete", job_arguments(vm, JOB_FORGET, vm->plan.hardware));
    }
    return !former && (!forget || has_concluded(forget));
}

static void decide_save(struct vm *vm, const json_t *jobs) {
    if (!vm->suspend.saves) {
        if (vm->suspend.recorded && drop_former(vm, jobs))
            save(vm);
        return;
    }
    const json_t *job = find_job(jobs, SUSPEND_JOB);
    scoped(alloc_release) char *problem = problem_of(job);
    if (problem) {
        dismiss(vm, SUSPEND_JOB);
        fail_save(vm, problem);
    } else if (has_concluded(job)) {
        complete_save(vm);
    }
}

/* If this process is killed when QEMU has halted the vCPUs and nothing more, the next one knows by
 * the store why they stand still. */
void vm_suspend_recorded(struct vm *vm, uint64_t since_ms, bool written) {
    if (vm->state != STATE_SUSPENDING || vm->since_ms != since_ms || vm->closing)
        return;
    vm->suspend.recorded = written;
    if (!written) {
        fail_save(vm, VM_SUSPEND_NOT_RECORDED);
        return;
    }
    vm_set_deadline(vm, vm_suspend_limit_ms(vm));
    vm_suspend_look(vm);
}

/* --- and back --- */

static void fail_load(struct vm *vm, const char *why) {
    scoped(alloc_release) char *words = log_tail_read(vm->plan.qemu_log, vm->log_start);
    scoped(alloc_release) char *reason =
        alloc_printf("its saved memory cannot be loaded: %s%s%s; `pgsup start %s --cold` discards "
                     "it and boots",
                     why, words[0] ? ": " : "", words, vm->name);
    vm_set_reason(vm, reason);
    vm_input(vm, INPUT_QMP_LOST);
}

static void complete_load(struct vm *vm) {
    dismiss(vm, JOB_LOAD);
    dismiss(vm, JOB_FORGET);
    alloc_replace(&vm->plan.wakes, NULL);
    vm_tell(vm, STORE_EVENT_PHASE, "memory loaded");
    vm->suspend.clock_due = true;
    vm_input(vm, INPUT_QMP_READY);
    vm_wake_announce(vm);
    vm_suspend_set_clock(vm);
}

static void decide_load(struct vm *vm, const json_t *jobs) {
    const json_t *load = find_job(jobs, JOB_LOAD), *forget = find_job(jobs, JOB_FORGET);
    const json_t *last = forget ? forget : load;
    scoped(alloc_release) char *problem = problem_of(last);
    if (problem)
        fail_load(vm, problem);
    else if (last && !has_concluded(last))
        return; /* its event comes */
    else if (forget)
        complete_load(vm);
    else if (!vm->suspend.memory || !vm->plan.wakes)
        fail_load(vm, "its QEMU does not have the disk that holds it");
    else if (load)
        vm_suspend_send(vm, "snapshot-delete", job_arguments(vm, JOB_FORGET, vm->plan.wakes));
    else
        vm_suspend_send(vm, "snapshot-load", job_arguments(vm, JOB_LOAD, vm->plan.wakes));
}

void vm_suspend_load(struct vm *vm) {
    vm->suspend.began_ms = clock_monotonic_ms();
    vm_set_deadline(vm, vm_suspend_limit_ms(vm));
    vm_suspend_look(vm);
}

/* --- what QEMU says --- */

bool vm_suspend_on_return(struct vm *vm, const struct qmp_item *item) {
    if (item->context != &vm->suspend)
        return false;
    if (strcmp(item->command, "query-named-block-nodes") == 0)
        on_nodes(vm, item->value);
    else if (strcmp(item->command, "query-block") == 0)
        on_devices(vm, item->value);
    else if (strcmp(item->command, "query-jobs") == 0 && vm->state == STATE_SUSPENDING)
        decide_save(vm, item->value);
    else if (strcmp(item->command, "query-jobs") == 0 && vm->state == STATE_STARTING)
        decide_load(vm, item->value);
    return true;
}

bool vm_suspend_on_refusal(struct vm *vm, const struct qmp_item *item, const char *text) {
    if (item->context != &vm->suspend)
        return false;
    if (vm->state == STATE_SUSPENDING)
        fail_save(vm, text);
    else if (vm->state == STATE_STARTING)
        fail_load(vm, text);
    return true;
}

void vm_suspend_on_event(struct vm *vm, const struct qmp_item *item) {
    static const char *const own[] = {SUSPEND_JOB, JOB_LOAD, JOB_FORGET};
    const char *id = json_string_value(json_object_get(item->value, "id"));
    const char *status = json_string_value(json_object_get(item->value, "status"));
    if (strcmp(item->name, "JOB_STATUS_CHANGE") != 0 || !id || !status ||
        strcmp(status, "concluded") != 0 || !vm_suspend_is_at_work(vm))
        return;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], id) == 0)
            vm_suspend_look(vm);
}

/* --- a VM that is found --- */

void vm_suspend_recall(struct vm *vm) {
    const char *state = vm->launch.state;
    vm->suspend.begun = state && strcmp(state, lifecycle_state_word(STATE_SUSPENDING)) == 0;
}

void vm_suspend_on_block(struct vm *vm, json_t *devices) {
    size_t index;
    json_t *device;
    alloc_replace(&vm->suspend.found_tag, NULL);
    json_array_foreach(devices, index, device) {
        take_tag(vm, json_object_get(json_object_get(device, "inserted"), "image"));
    }
}

void vm_suspend_on_jobs(struct vm *vm, json_t *jobs) {
    json_decref(vm->suspend.found_jobs);
    vm->suspend.found_jobs = json_incref(jobs);
}

static bool take_over_save(struct vm *vm, const json_t *job) {
    scoped(alloc_release) char *problem = problem_of(job);
    if (problem)
        dismiss(vm, SUSPEND_JOB);
    if (problem || !job)
        fail_save(vm, problem ? problem : "it was interrupted");
    else if (has_concluded(job))
        complete_save(vm);
    return true; /* of one that goes on is asked again */
}

static bool take_over_load(struct vm *vm) {
    alloc_replace(&vm->plan.wakes, alloc_string(vm->suspend.found_tag));
    vm_input(vm, INPUT_LOADS);
    vm_suspend_load(vm);
    return true;
}

bool vm_suspend_take_over(struct vm *vm, const char *status) {
    const json_t *jobs = vm->suspend.found_jobs, *job = find_job(jobs, SUSPEND_JOB);
    bool halted = strcmp(status, "running") != 0, early = strcmp(status, "prelaunch") == 0;
    bool paused = strcmp(status, "paused") == 0;
    if (halted && (job || (vm->suspend.begun && paused)))
        return take_over_save(vm, job);
    if (early && (vm->suspend.found_tag || find_job(jobs, JOB_LOAD) || find_job(jobs, JOB_FORGET)))
        return take_over_load(vm);
    vm_suspend_end(vm);
    return false;
}
