#include "vm_status.h"

#include "base/alloc.h"
#include "cli/link/offline.h"
#include "store/launch_table.h"

#include <stdio.h>
#include <string.h>

bool vm_status_open(const struct home *home, struct vm_status *vms, struct error *error) {
    struct error problem = {0};
    *vms = (struct vm_status){.home = home};
    vms->client = client_open(home, &problem);
    if (!vms->client && problem.code == ERROR_NO_SUPERVISOR)
        return running_scan(home->run, &vms->running, error);
    if (!vms->client)
        return error_copy(error, &problem);
    json_t *status = client_call(vms->client, "status", NULL, error);
    vms->supervised = json_incref(json_object_get(status, "vms"));
    json_decref(status);
    if (vms->supervised)
        return true;
    vm_status_close(vms);
    return error_set(error, ERROR_FAILED, "the supervisor's answer is not valid");
}

void vm_status_close(struct vm_status *vms) {
    client_close(vms->client);
    json_decref(vms->supervised);
    running_list_done(&vms->running);
    *vms = (struct vm_status){0};
}

static json_t *make_vm_json(const char *state, const char *reason, pid_t pid) {
    json_t *object = json_object();
    json_object_set_new(object, "state", json_string(state));
    json_object_set_new(object, "reason", reason ? json_string(reason) : json_null());
    json_object_set_new(object, "pid", pid ? json_integer(pid) : json_null());
    json_object_set_new(object, "boot_stage", json_null()); /* only a supervisor knows */
    json_object_set_new(object, "boot_module", json_null());
    json_object_set_new(object, "failed_modules", json_array());
    json_object_set_new(object, "warnings", json_array());
    return object;
}

/* qapi/run-state.json, RunState: everything that is not "running" has its vCPUs halted. */
static json_t *ask_vm(const struct home *home, const struct running *running) {
    struct error error = {0};
    char reason[sizeof error.text + 64];
    struct offline *offline = offline_open(home, running, &error);
    json_t *reply = offline ? offline_command(offline, "query-status", NULL, &error) : NULL;
    const char *status = json_string_value(json_object_get(reply, "status"));
    json_t *vm;
    if (!status) {
        snprintf(reason, sizeof reason, "no supervisor, and QMP does not answer: %s", error.text);
        vm = make_vm_json("lost", reason, running->pid);
    } else {
        bool on = strcmp(status, "running") == 0;
        snprintf(reason, sizeof reason, "no supervisor; QEMU reports \"%.40s\"", status);
        vm = make_vm_json(on ? "running" : "paused", reason, running->pid);
    }
    json_decref(reply);
    offline_close(offline);
    return vm;
}

/* The status of a VM that does not run comes from the record of its last launch. */
static json_t *recall_vm(const struct home *home, const struct store_instance *instance) {
    struct store_launch launch = {0};
    json_t *status;
    if (!launch_table_last(home->store, instance->id, &launch, NULL))
        status = make_vm_json("stopped", NULL, 0);
    else if (!launch.ended_ms)
        status = make_vm_json("stopped", "ended while unsupervised", 0);
    else if (launch.state && strcmp(launch.state, "failed") == 0)
        status = make_vm_json("failed", launch.end_text, 0);
    else
        status = make_vm_json("stopped", launch.end_text, 0);
    store_launch_done(&launch);
    return status;
}

json_t *vm_status_get(struct vm_status *vms, const struct store_instance *instance) {
    const char *name = instance->name;
    json_t *status = NULL, *each;
    size_t index;
    json_array_foreach(vms->supervised, index, each) {
        const char *found = json_string_value(json_object_get(each, "name"));
        if (found && strcmp(found, name) == 0 && json_is_string(json_object_get(each, "state")))
            status = json_copy(each);
    }
    for (size_t i = 0; !status && i < vms->running.count; i++)
        if (strcmp(vms->running.items[i].name, name) == 0)
            status = ask_vm(vms->home, &vms->running.items[i]);
    if (!status)
        status = recall_vm(vms->home, instance);
    json_object_set_new(status, "supervised", json_boolean(vms->client != NULL));
    if (!json_object_get(status, "agent")) /* only a supervisor knows */
        json_object_set_new(status, "agent", json_null());
    return status;
}

bool vm_status_find(const struct home *home, const struct store_instance *instance,
                    struct running *running, struct error *error) {
    struct vm_status vms = {0};
    if (!running_find(home->run, instance->name, running, error) ||
        !vm_status_open(home, &vms, error))
        return false;
    json_t *status = vm_status_get(&vms, instance);
    const char *state = json_string_value(json_object_get(status, "state"));
    bool down = strcmp(state, "stopped") == 0 || strcmp(state, "failed") == 0;
    if (!running->name && !down)
        running->name = alloc_string(instance->name);
    json_decref(status);
    vm_status_close(&vms);
    return true;
}
