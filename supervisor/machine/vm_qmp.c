#include "vm_qmp.h"

#include "base/alloc.h"
#include "base/name.h"
#include "machine/monitor.h"
#include "qmp/event.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

static void on_heartbeat(uv_timer_t *timer) {
    struct vm *vm = timer->data;
    if (monitor_state(vm->monitor) == QMP_READY)
        vm_command(vm, "query-status");
}

/* A VM that a full disk paused goes on by itself once there is space. Trying earlier would only
 * pause it again at the next write. */
static void on_space_due(uv_timer_t *timer) {
    struct vm *vm = timer->data;
    struct statvfs disk;
    if (vm->state != STATE_PAUSED) {
        uv_timer_stop(timer);
    } else if (statvfs(vm->plan.qemu_log, &disk) == 0 &&
               (unsigned long long)disk.f_bavail * disk.f_frsize >= VM_SPACE_WANTED) {
        vm_tell(vm, "disk", "there is space on the host again: going on");
        vm_input(vm, INPUT_RESUME);
    }
}

static void wait_for_space(struct vm *vm) {
    vm_set_reason(vm,
                  "the disk of the host is full; it goes on by itself when there is space again");
    if (!uv_is_active((uv_handle_t *)&vm->space))
        uv_timer_start(&vm->space, on_space_due, VM_SPACE_CHECK_MS, VM_SPACE_CHECK_MS);
}

static void on_disk_error(struct vm *vm, const struct qmp_event *event) {
    scoped(alloc_release) char *reason = name_printable(event->reason, strlen(event->reason), 100);
    if (strcmp(event->action, "stop") != 0)
        return;
    if (!event->nospace) {
        vm_set_reason(vm, reason);
        return;
    }
    wait_for_space(vm);
}

static void on_event(struct vm *vm, const struct qmp_item *item) {
    struct qmp_event event;
    qmp_event_decode(item->name, item->value, &event);
    vm_tell(vm, "qmp", "%s%s%s", item->name, event.reason[0] ? " " : "", event.reason);
    switch (event.kind) {
    case QMP_EVENT_SHUTDOWN:
        snprintf(vm->shutdown_reason, sizeof vm->shutdown_reason, "%s", event.reason);
        vm_input(vm, INPUT_SHUTDOWN);
        break;
    case QMP_EVENT_RESET:
        if (event.guest && (vm->state == STATE_READY || vm->state == STATE_RUNNING)) {
            vm->launch.phases_ms[PHASE_READY] = 0;
            vm_input(vm, INPUT_GUEST_RESET);
        }
        break;
    case QMP_EVENT_GUEST_PANICKED: vm_set_reason(vm, "the kernel of the guest panicked"); break;
    case QMP_EVENT_BLOCK_IO_ERROR: on_disk_error(vm, &event); break;
    case QMP_EVENT_STOP: vm_input(vm, INPUT_QMP_STOP); break;
    case QMP_EVENT_RESUME: vm_input(vm, INPUT_QMP_RESUME); break;
    case QMP_EVENT_VSERPORT_CHANGE:
        if (event.open)
            vm_phase(vm, PHASE_KERNEL);
        break;
    case QMP_EVENT_POWERDOWN:
    case QMP_EVENT_SUSPEND:
    case QMP_EVENT_WAKEUP:
    case QMP_EVENT_WATCHDOG:
    case QMP_EVENT_OTHER: break;
    }
}

/* What the events would have told about a VM that was found as it is. */
static void explain_found(struct vm *vm, const char *status) {
    alloc_replace(&vm->reason, NULL);
    if (strcmp(status, "guest-panicked") == 0)
        vm_set_reason(vm, "the kernel of the guest panicked");
    else if (strcmp(status, "io-error") == 0)
        wait_for_space(vm);
    else if (strcmp(status, "paused") != 0 && strcmp(status, "running") != 0 &&
             strcmp(status, "prelaunch") != 0)
        alloc_replace(&vm->reason, alloc_printf("QEMU says \"%.40s\"", status));
}

/* qapi/run-state.json, RunState: what has a guest that executes, and what is merely halted. */
static enum lifecycle_input found_input(const char *status) {
    if (strcmp(status, "prelaunch") == 0)
        return INPUT_FOUND_PRELAUNCH;
    return strcmp(status, "running") == 0 ? INPUT_FOUND_RUNNING : INPUT_FOUND_PAUSED;
}

/* The process behind the socket is another VM: hands off. */
static void on_uuid(struct vm *vm, const struct qmp_item *item) {
    const char *uuid = json_string_value(json_object_get(item->value, "UUID"));
    if (!uuid || strcmp(uuid, vm->uuid) == 0)
        return;
    vm_set_reason(vm, "the process on its QMP socket is another VM; it was left alone");
    vm_plan_disown_files(&vm->plan);
    vm_input(vm, INPUT_EXITED);
}

static void on_found(struct vm *vm, const char *status) {
    if (vm->state == STATE_LOST)
        explain_found(vm, status);
    vm_input(vm, found_input(status));
}

static void on_refusal(struct vm *vm, const struct qmp_item *item) {
    scoped(alloc_release) char *text = name_printable(item->text, strlen(item->text), 200);
    vm_tell(vm, "qmp", "%s refused: %s", item->command, text);
    vm->listener->refused(vm->listener->context, vm, item->command, text);
}

static void on_reply(struct vm *vm, const struct qmp_item *item) {
    switch (item->status) {
    case QMP_STATUS_RETURN:
        if (strcmp(item->command, "query-status") == 0) {
            const char *status = json_string_value(json_object_get(item->value, "status"));
            if (status &&
                (vm->state == STATE_LOST || vm->state == STATE_QUITTING ||
                 (vm->state == STATE_STOPPING && !uv_is_active((uv_handle_t *)&vm->press))))
                on_found(vm, status);
        } else if (strcmp(item->command, "query-uuid") == 0)
            on_uuid(vm, item);
        break;
    case QMP_STATUS_ERROR: on_refusal(vm, item); break;
    case QMP_STATUS_TIMEOUT:
        vm_set_reason(vm, item->text);
        vm_input(vm, INPUT_QMP_LOST);
        break;
    case QMP_STATUS_LOST: break; /* the item that says so follows */
    }
}

/* While it starts, QEMU's exit usually comes next and says more. */
static void on_lost(struct vm *vm, const char *text) {
    uv_timer_stop(&vm->heartbeat);
    if (vm->state == STATE_LOST) { /* a try to reconnect failed */
        if (!vm->reason || strcmp(vm->reason, text) != 0)
            vm_explain(vm, "%s", text);
        return;
    }
    if (vm->state == STATE_ABORTING) /* the end that we made */
        return;
    vm_set_reason(vm, text);
    if (vm->state == STATE_STARTING)
        vm_hurry(vm, VM_EXIT_PATIENCE_MS);
    else
        vm_input(vm, INPUT_QMP_LOST);
}

void vm_qmp_on_item(void *owner, const struct qmp_item *item) {
    struct vm *vm = owner;
    switch (item->kind) {
    case QMP_ITEM_READY:
        uv_timer_start(&vm->heartbeat, on_heartbeat, VM_HEARTBEAT_MS, VM_HEARTBEAT_MS);
        if (vm->state == STATE_STARTING) {
            vm_phase(vm, PHASE_STARTED);
            vm_input(vm, INPUT_QMP_READY);
        } else { /* QEMU replays no events: ask what they would have told */
            vm_command(vm, "query-uuid");
            vm_command(vm, "query-status");
        }
        break;
    case QMP_ITEM_REPLY: on_reply(vm, item); break;
    case QMP_ITEM_EVENT: on_event(vm, item); break;
    case QMP_ITEM_LOST:
        uv_timer_stop(&vm->heartbeat);
        on_lost(vm, item->text);
        break;
    }
}
