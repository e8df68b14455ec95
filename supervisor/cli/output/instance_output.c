#include "instance_output.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "cli/output/columns.h"
#include "cli/output/json_output.h"
#include "home/access/host_groups.h"
#include "home/access/host_variables.h"
#include "home/instance/forward.h"
#include "home/instance/nic.h"
#include "store/disk_table.h"

#include <inttypes.h>
#include <stdio.h>

static json_t *forwards_of(const struct home *home, const struct store_instance *instance) {
    struct store_forwards forwards = {0};
    json_t *list = json_array();
    forward_table_list(home->store, instance->id, &forwards, NULL);
    for (size_t i = 0; i < forwards.count; i++) {
        scoped(alloc_release) char *text = forward_text(&forwards.items[i]);
        json_array_append_new(list, json_string(text));
    }
    store_forwards_done(&forwards);
    return list;
}

static json_t *disks_of(const struct home *home, const struct store_instance *instance) {
    struct store_disks disks = {0};
    json_t *list = json_array();
    disk_table_list(home->store, instance->id, &disks, NULL);
    for (size_t i = 0; i < disks.count; i++)
        json_array_append_new(list, json_output_text(disks.items[i].name));
    store_disks_done(&disks);
    return list;
}

static json_t *nics_of(const struct home *home, const struct store_instance *instance) {
    struct store_nics nics = {0};
    json_t *list = json_array();
    nic_table_list(home->store, instance->id, &nics, NULL);
    for (size_t i = 0; i < nics.count; i++) {
        scoped(alloc_release) char *text = nic_text(&nics.items[i]);
        json_array_append_new(list, json_output_text(text));
    }
    store_nics_done(&nics);
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

json_t *instance_output_object(const struct home *home, const struct store_instance *instance) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    json_t *object = json_object();
    json_object_set_new(object, "name", json_output_text(instance->name));
    json_object_set_new(object, "folder", json_output_text(folder));
    json_object_set_new(object, "created", json_output_time(instance->created_ms));
    json_object_set_new(object, "image", json_output_text(instance->image));
    json_object_set_new(object, "arch", json_output_text(instance->arch));
    json_object_set_new(object, "vcpu", json_integer((json_int_t)instance->vcpu));
    json_object_set_new(object, "ram_bytes", json_output_bytes(instance->ram_mib << 20));
    json_object_set_new(object, "disk_bytes", json_output_bytes(instance->disk_bytes));
    json_object_set_new(object, "disks", disks_of(home, instance));
    json_object_set_new(object, "ip4", json_output_text(instance->ip4));
    json_object_set_new(object, "mac", json_output_text(instance->mac));
    json_object_set_new(object, "ssh_port",
                        instance->ssh_port ? json_integer(instance->ssh_port) : json_null());
    json_object_set_new(object, "nics", nics_of(home, instance));
    json_object_set_new(object, "forwards", forwards_of(home, instance));
    json_object_set_new(object, "seed", json_string(store_seed_word(instance->seed)));
    json_object_set_new(object, "host_keys",
                        json_string(store_host_keys_word(instance->host_keys)));
    json_object_set_new(object, "accel", json_output_text(instance->accel));
    json_object_set_new(object, "package_upgrade", json_boolean(instance->package_upgrade));
    json_object_set_new(object, "restart", json_string(store_restart_word(instance->restart)));
    json_object_set_new(object, "autostart", json_boolean(instance->autostart));
    json_object_set_new(object, "after", json_output_text(instance->after));
    json_object_set_new(object, "groups", groups_of(instance));
    json_object_set_new(object, "variables", variables_of(instance));
    json_object_set_new(object, "wanted", json_string(instance->wanted ? "running" : "stopped"));
    json_object_set_new(object, "instance_id", json_output_text(instance->instance_id));
    json_object_set_new(object, "uuid", json_output_text(instance->uuid));
    return object;
}

static void print_list(const char *name, json_t *list) {
    size_t index;
    json_t *each;
    json_array_foreach(list, index, each) {
        columns_pair(name, json_string_value(each), stdout);
    }
    json_decref(list);
}

static void print_variables(const struct store_instance *instance) {
    scoped(strv_done) struct strv pairs = {0};
    host_variables_list(instance->variables, &pairs);
    for (size_t i = 0; i + 1 < pairs.count; i += 2) {
        scoped(alloc_release) char *text =
            alloc_printf("%s=%s", pairs.items[i], pairs.items[i + 1]);
        columns_pair("variable", text, stdout);
    }
}

void instance_output_print(const struct home *home, const struct store_instance *instance) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *vcpu = alloc_printf("%" PRIu64, instance->vcpu);
    scoped(alloc_release) char *ssh_port =
        instance->ssh_port ? alloc_printf("%u", instance->ssh_port) : NULL;
    char ram[32], disk[32], created[CLOCK_RFC3339_SIZE];
    name_format_size(instance->ram_mib << 20, ram);
    name_format_size(instance->disk_bytes, disk);
    clock_rfc3339(instance->created_ms, created);
    columns_pair("name", instance->name, stdout);
    columns_pair("folder", folder, stdout);
    columns_pair("created", created, stdout);
    columns_pair("image", instance->image, stdout);
    columns_pair("architecture", instance->arch, stdout);
    columns_pair("vcpu", vcpu, stdout);
    columns_pair("ram", ram, stdout);
    columns_pair("disk", disk, stdout);
    print_list("extra disk", disks_of(home, instance));
    columns_pair("ip", instance->ip4 ? instance->ip4 : "dhcp", stdout);
    columns_pair("mac", instance->mac, stdout);
    columns_pair("ssh port", ssh_port, stdout);
    print_list("nic", nics_of(home, instance));
    print_list("forward", forwards_of(home, instance));
    columns_pair("seed", store_seed_word(instance->seed), stdout);
    columns_pair("host keys", store_host_keys_word(instance->host_keys), stdout);
    columns_pair("accelerator", instance->accel ? instance->accel : "chosen at start", stdout);
    columns_pair("package upgrade", instance->package_upgrade ? "yes" : "no", stdout);
    columns_pair("groups", instance->groups, stdout);
    print_variables(instance);
    columns_pair("instance-id", instance->instance_id, stdout);
    columns_pair("uuid", instance->uuid, stdout);
}
