#include "runtime.h"

#include "cli/link/offline.h"
#include "store/launch_table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool runtime_open(const struct home *home, struct runtime *runtime, struct error *error) {
    struct error problem = {0};
    *runtime = (struct runtime){.home = home};
    runtime->client = client_open(home, &problem);
    if (!runtime->client && problem.code == ERROR_NO_SUPERVISOR)
        return running_scan(home->run, &runtime->running, error);
    if (!runtime->client)
        return error_copy(error, &problem);
    json_t *status = client_call(runtime->client, "status", NULL, error);
    runtime->vms = json_incref(json_object_get(status, "vms"));
    json_decref(status);
    if (runtime->vms)
        return true;
    runtime_close(runtime);
    return error_set(error, ERROR_FAILED, "the supervisor's answer was not understood");
}

void runtime_close(struct runtime *runtime) {
    client_close(runtime->client);
    json_decref(runtime->vms);
    running_list_done(&runtime->running);
    *runtime = (struct runtime){0};
}

static json_t *make_vm_json(const char *state, const char *reason, pid_t pid) {
    json_t *object = json_object();
    json_object_set_new(object, "state", json_string(state));
    json_object_set_new(object, "reason", reason ? json_string(reason) : json_null());
    json_object_set_new(object, "pid", pid ? json_integer(pid) : json_null());
    json_object_set_new(object, "boot_stage", json_null()); /* only a supervisor is told */
    json_object_set_new(object, "boot_module", json_null());
    json_object_set_new(object, "failed_modules", json_array());
    return object;
}

/* qapi/run-state.json, RunState: everything that is not "running" has its vCPUs halted. */
static json_t *ask_vm(const struct home *home, const struct running *running) {
    struct error error = {0};
    char reason[sizeof error.text + 64];
    struct offline *offline = offline_open(home, running, &error);
    json_t *reply = offline ? offline_command(offline, "query-status", NULL, &error) : NULL;
    const char *status = json_string_value(json_object_get(reply, "status"));
    json_t *picture;
    if (!status) {
        snprintf(reason, sizeof reason, "no supervisor, and its QMP does not answer: %s",
                 error.text);
        picture = make_vm_json("lost", reason, running->pid);
    } else {
        bool on = strcmp(status, "running") == 0;
        snprintf(reason, sizeof reason, "no supervisor; QEMU says \"%.40s\"", status);
        picture = make_vm_json(on ? "running" : "paused", reason, running->pid);
    }
    json_decref(reply);
    offline_close(offline);
    return picture;
}

/* What does not run is told from the record of its last launch. */
static json_t *recall_vm(const struct home *home, const struct store_instance *instance) {
    struct store_launch launch = {0};
    json_t *picture;
    if (!launch_table_last(home->store, instance->id, &launch, NULL))
        picture = make_vm_json("stopped", NULL, 0);
    else if (!launch.ended_ms)
        picture = make_vm_json("stopped", "ended while unsupervised", 0);
    else if (launch.state && strcmp(launch.state, "failed") == 0)
        picture = make_vm_json("failed", launch.end_text, 0);
    else
        picture = make_vm_json("stopped", launch.end_text, 0);
    store_launch_done(&launch);
    return picture;
}

json_t *runtime_get(struct runtime *runtime, const struct store_instance *instance) {
    const char *name = instance->name;
    json_t *picture = NULL, *each;
    size_t index;
    json_array_foreach(runtime->vms, index, each) {
        const char *found = json_string_value(json_object_get(each, "name"));
        if (found && strcmp(found, name) == 0 && json_is_string(json_object_get(each, "state")))
            picture = json_copy(each);
    }
    for (size_t i = 0; !picture && i < runtime->running.count; i++)
        if (strcmp(runtime->running.items[i].name, name) == 0)
            picture = ask_vm(runtime->home, &runtime->running.items[i]);
    if (!picture)
        picture = recall_vm(runtime->home, instance);
    json_object_set_new(picture, "supervised", json_boolean(runtime->client != NULL));
    if (!json_object_get(picture, "agent")) /* only a supervisor knows */
        json_object_set_new(picture, "agent", json_null());
    return picture;
}

void runtime_state_label(const char *state, char label[32]) {
    if (strcmp(state, "ready") == 0 || strcmp(state, "booting") == 0)
        snprintf(label, 32, "Running(%s)", state);
    else
        snprintf(label, 32, "%c%s", toupper((unsigned char)state[0]), state[0] ? state + 1 : "");
}
