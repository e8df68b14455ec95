#include "vm_status.h"

#include "base/alloc.h"
#include "base/name.h"
#include "cli/link/offline.h"
#include "machine/core/suspend_tag.h"
#include "store/launch_table.h"

#include <stdio.h>
#include <string.h>

/* False: that is no answer. */
static bool sort_by_name(struct vm_status *vms, json_t *list) {
    size_t index;
    json_t *each;
    vms->supervised = json_object();
    json_array_foreach(list, index, each) {
        const char *name = json_string_value(json_object_get(each, "name"));
        if (name && json_is_string(json_object_get(each, "state")))
            json_object_set(vms->supervised, name, each);
    }
    return json_is_array(list);
}

static bool ask_supervisor(struct vm_status *vms, struct error *error) {
    json_t *params = json_object();
    if (vms->scope.only)
        json_object_set_new(params, "name", json_string(vms->scope.only));
    if (vms->scope.brief)
        json_object_set_new(params, "brief", json_true());
    json_t *status = client_call(vms->client, "status", params, error);
    bool good = status && (sort_by_name(vms, json_object_get(status, "vms")) ||
                           error_set(error, ERROR_FAILED, "the supervisor's answer is not valid"));
    json_decref(status);
    return good;
}

bool vm_status_open(const struct home *home, const struct vm_status_scope *scope,
                    struct vm_status *vms, struct error *error) {
    struct error problem = {0};
    *vms = (struct vm_status){.home = home, .scope = *scope};
    vms->client = client_open(home, &problem);
    if (!vms->client && problem.code != ERROR_NO_SUPERVISOR)
        return error_copy(error, &problem);
    bool good =
        vms->client ? ask_supervisor(vms, error) : running_scan(home->run, &vms->running, error);
    if (!good)
        vm_status_close(vms);
    return good;
}

void vm_status_close(struct vm_status *vms) {
    client_close(vms->client);
    json_decref(vms->supervised);
    running_list_done(&vms->running);
    store_launches_done(&vms->ended);
    if (vms->looks)
        unsuspended_close(&vms->unsuspended);
    *vms = (struct vm_status){0};
}

/* Of a thousand VMs each key costs: what is brief has none that is null. */
static json_t *make_vm_json(bool brief, const char *state, const char *reason, pid_t pid) {
    json_t *object = json_object();
    json_object_set_new(object, "state", json_string(state));
    if (reason || !brief)
        json_object_set_new(object, "reason", reason ? json_string(reason) : json_null());
    if (pid || !brief)
        json_object_set_new(object, "pid", pid ? json_integer(pid) : json_null());
    if (brief)
        return object;
    json_object_set_new(object, "boot_stage", json_null()); /* only a supervisor knows */
    json_object_set_new(object, "boot_module", json_null());
    json_object_set_new(object, "failed_modules", json_array());
    json_object_set_new(object, "warnings", json_array());
    return object;
}

/* qapi/run-state.json, RunState: everything that is not "running" has its vCPUs halted. */
static json_t *ask_vm(const struct vm_status *vms, const struct running *running) {
    struct error error = {0};
    char reason[sizeof error.text + 64];
    struct offline *offline = offline_open(vms->home, running, &error);
    json_t *reply = offline ? offline_command(offline, "query-status", NULL, &error) : NULL;
    const char *status = json_string_value(json_object_get(reply, "status"));
    json_t *vm;
    if (!status) {
        snprintf(reason, sizeof reason, "no supervisor, and QMP does not answer: %s", error.text);
        vm = make_vm_json(vms->scope.brief, "lost", reason, running->pid);
    } else {
        bool on = strcmp(status, "running") == 0;
        snprintf(reason, sizeof reason, "no supervisor; QEMU reports \"%.40s\"", status);
        vm = make_vm_json(vms->scope.brief, on ? "running" : "paused", reason, running->pid);
    }
    json_decref(reply);
    offline_close(offline);
    return vm;
}

static json_t *down_vm(bool brief, const struct store_launch *last) {
    if (!last)
        return make_vm_json(brief, "stopped", NULL, 0);
    if (!last->ended_ms)
        return make_vm_json(brief, "stopped", "ended while unsupervised", 0);
    bool failed = last->state && strcmp(last->state, "failed") == 0;
    return make_vm_json(brief, failed ? "failed" : "stopped", last->end_text, 0);
}

/* The status of a VM that does not run comes from the record of its last launch. */
static json_t *recall_vm(struct vm_status *vms, const struct store_instance *instance) {
    struct store_launch launch = {0};
    if (!vms->scope.only) {
        if (!vms->recalls)
            launch_table_list_last(vms->home->store, &vms->ended, NULL);
        vms->recalls = true;
        return down_vm(vms->scope.brief, store_launches_find(&vms->ended, instance->id));
    }
    bool known = launch_table_last(vms->home->store, instance->id, &launch, NULL);
    json_t *status = down_vm(vms->scope.brief, known ? &launch : NULL);
    store_launch_done(&launch);
    return status;
}

static bool is_down(const json_t *status) {
    const char *state = json_string_value(json_object_get(status, "state"));
    return state && (strcmp(state, "stopped") == 0 || strcmp(state, "failed") == 0);
}

static bool read_memory(struct vm_status *vms, const char *name, struct saved_memory *saved) {
    if (vms->scope.only)
        return suspension_read(vms->home, name, saved, NULL);
    if (!vms->looks)
        unsuspended_open(&vms->unsuspended, vms->home);
    vms->looks = true;
    return unsuspended_read(&vms->unsuspended, name, saved, NULL);
}

/* One that does not run is suspended if its disk says so. Why it could not be started stays. */
static void look_for_memory(struct vm_status *vms, const char *name, json_t *status) {
    struct saved_memory saved = {0};
    char size[32];
    if (!is_down(status) || !read_memory(vms, name, &saved) || !saved.tag)
        return;
    name_format_size(saved.bytes, size);
    scoped(alloc_release) char *reason =
        alloc_printf("%s of memory are on disk: `pgsup start %s` lets it go on", size, name);
    if (strcmp(json_string_value(json_object_get(status, "state")), "stopped") == 0)
        json_object_set_new(status, "reason", json_string(reason));
    json_object_set_new(status, "state", json_string(SUSPEND_STATE));
    json_object_set_new(status, "since_ms", json_integer(saved.saved_ms));
    saved_memory_done(&saved);
}

json_t *vm_status_get(struct vm_status *vms, const struct store_instance *instance) {
    const char *name = instance->name;
    json_t *status = json_incref(json_object_get(vms->supervised, name));
    for (size_t i = 0; !status && i < vms->running.count; i++)
        if (strcmp(vms->running.items[i].name, name) == 0)
            status = ask_vm(vms, &vms->running.items[i]);
    if (!status)
        status = recall_vm(vms, instance);
    look_for_memory(vms, name, status);
    if (vms->scope.brief)
        return status;
    json_object_set_new(status, "supervised", json_boolean(vms->client != NULL));
    if (!json_object_get(status, "agent")) /* only a supervisor knows */
        json_object_set_new(status, "agent", json_null());
    return status;
}

bool vm_status_find(const struct home *home, const struct store_instance *instance,
                    struct running *running, struct error *error) {
    const struct vm_status_scope scope = {.only = instance->name, .brief = true};
    struct vm_status vms = {0};
    if (!running_find(home->run, instance->name, running, error) ||
        !vm_status_open(home, &scope, &vms, error))
        return false;
    json_t *status = vm_status_get(&vms, instance);
    const char *state = json_string_value(json_object_get(status, "state"));
    bool down = is_down(status) || strcmp(state, SUSPEND_STATE) == 0;
    if (!running->name && !down)
        running->name = alloc_string(instance->name);
    json_decref(status);
    vm_status_close(&vms);
    return true;
}
