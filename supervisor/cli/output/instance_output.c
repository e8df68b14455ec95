#include "instance_output.h"

#include "base/alloc.h"
#include "cli/output/json_output.h"
#include "home/access/host_groups.h"
#include "home/access/host_variables.h"
#include "home/instance/forward.h"
#include "home/instance/nic.h"

bool instance_output_open(const struct home *home, int64_t id, struct instance_output *output,
                          struct error *error) {
    *output = (struct instance_output){.home = home};
    if (disk_table_list(home->store, id, &output->disks, error) &&
        nic_table_list(home->store, id, &output->nics, error) &&
        forward_table_list(home->store, id, &output->forwards, error))
        return true;
    instance_output_close(output);
    return false;
}

void instance_output_close(struct instance_output *output) {
    store_disks_done(&output->disks);
    store_nics_done(&output->nics);
    store_forwards_done(&output->forwards);
}

static json_t *forwards_of(const struct instance_output *output, int64_t id) {
    json_t *list = json_array();
    for (size_t i = 0; i < output->forwards.count; i++) {
        if (output->forwards.items[i].instance != id)
            continue;
        scoped(alloc_release) char *text = forward_text(&output->forwards.items[i]);
        json_array_append_new(list, json_string(text));
    }
    return list;
}

static json_t *disks_of(const struct instance_output *output, int64_t id) {
    json_t *list = json_array();
    for (size_t i = 0; i < output->disks.count; i++)
        if (output->disks.items[i].instance == id)
            json_array_append_new(list, json_output_text(output->disks.items[i].name));
    return list;
}

static json_t *nics_of(const struct instance_output *output, int64_t id) {
    json_t *list = json_array();
    for (size_t i = 0; i < output->nics.count; i++) {
        if (output->nics.items[i].instance != id)
            continue;
        scoped(alloc_release) char *text = nic_text(&output->nics.items[i]);
        json_array_append_new(list, json_output_text(text));
    }
    return list;
}

static json_t *groups_of(const struct store_instance *instance) {
    scoped(strv_done) struct strv names = {0};
    json_t *list = json_array();
    host_groups_list(instance->groups, &names);
    for (size_t i = 0; i < names.count; i++)
        json_array_append_new(list, json_output_text(names.items[i]));
    return list;
}

static json_t *variables_of(const struct store_instance *instance) {
    scoped(strv_done) struct strv pairs = {0};
    json_t *object = json_object();
    host_variables_list(instance->variables, &pairs);
    for (size_t i = 0; i + 1 < pairs.count; i += 2)
        json_object_set_new(object, pairs.items[i], json_output_text(pairs.items[i + 1]));
    return object;
}

json_t *instance_output_object(const struct instance_output *output,
                               const struct store_instance *instance) {
    scoped(alloc_release) char *folder = home_instance_folder(output->home, instance->name);
    json_t *object = json_object();
    json_object_set_new(object, "name", json_output_text(instance->name));
    json_object_set_new(object, "folder", json_output_text(folder));
    json_object_set_new(object, "created", json_output_time(instance->created_ms));
    json_object_set_new(object, "image", json_output_text(instance->image));
    json_object_set_new(object, "arch", json_output_text(instance->arch));
    json_object_set_new(object, "vcpu", json_integer((json_int_t)instance->vcpu));
    json_object_set_new(object, "ram_bytes", json_output_bytes(instance->ram_mib << 20));
    json_object_set_new(object, "disk_bytes", json_output_bytes(instance->disk_bytes));
    json_object_set_new(object, "disks", disks_of(output, instance->id));
    json_object_set_new(object, "ip4", json_output_text(instance->ip4));
    json_object_set_new(object, "mac", json_output_text(instance->mac));
    json_object_set_new(object, "ssh_port",
                        instance->ssh_port ? json_integer(instance->ssh_port) : json_null());
    json_object_set_new(object, "nics", nics_of(output, instance->id));
    json_object_set_new(object, "forwards", forwards_of(output, instance->id));
    json_object_set_new(object, "seed", json_string(store_seed_word(instance->seed)));
    json_object_set_new(object, "host_keys",
                        json_string(store_host_keys_word(instance->host_keys)));
    json_object_set_new(object, "accel", json_output_text(instance->accel));
    json_object_set_new(object, "machine", json_output_text(instance->machine));
    json_object_set_new(object, "nested", json_boolean(instance->nested));
    json_object_set_new(object, "package_upgrade", json_boolean(instance->package_upgrade));
    json_object_set_new(object, "restart", json_string(store_restart_word(instance->restart)));
    json_object_set_new(object, "autostart", json_boolean(instance->autostart));
    json_object_set_new(object, "after", json_output_text(instance->after));
    json_object_set_new(object, "snapshot_every_s",
                        instance->snapshot_every_s
                            ? json_output_seconds(instance->snapshot_every_s * 1000)
                            : json_null());
    json_object_set_new(object, "snapshot_keep",
                        instance->snapshot_every_s
                            ? json_integer((json_int_t)instance->snapshot_keep)
                            : json_null());
    json_object_set_new(object, "groups", groups_of(instance));
    json_object_set_new(object, "variables", variables_of(instance));
    json_object_set_new(object, "wanted", json_string(instance->wanted ? "running" : "stopped"));
    json_object_set_new(object, "instance_id", json_output_text(instance->instance_id));
    json_object_set_new(object, "uuid", json_output_text(instance->uuid));
    return object;
}
