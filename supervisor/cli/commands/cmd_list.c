#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/vm_status.h"
#include "cli/output/json_output.h"
#include "cli/output/rows_output.h"
#include "home/access/endpoint.h"

#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {.name = "json", .help = "print one JSON array, with sizes in bytes"},
    OPTIONS_END,
};

/* "127.0.0.1:10022", "172.16.3.5"; NULL when not known yet. */
static char *address_of(struct home *home, const struct store_instance *instance) {
    struct endpoint endpoint = {0};
    endpoint_find(home, instance, &endpoint, NULL);
    if (!endpoint.address[0])
        return NULL;
    if (endpoint.port == ENDPOINT_SSH_PORT)
        return alloc_string(endpoint.address);
    return alloc_printf("%s:%u", endpoint.address, endpoint.port);
}

static json_t *vm_row(struct home *home, struct vm_status *vms,
                      const struct store_instance *instance) {
    json_t *object = vm_status_get(vms, instance);
    scoped(alloc_release) char *address = address_of(home, instance);
    json_object_set_new(object, "name", json_string(instance->name));
    json_object_set_new(object, "address", json_output_text(address));
    json_object_set_new(object, "ip", json_output_text(instance->ip4));
    json_object_set_new(object, "mac", json_string(instance->mac));
    json_object_set_new(object, "image", json_string(instance->image));
    json_object_set_new(object, "vcpu", json_integer((json_int_t)instance->vcpu));
    json_object_set_new(object, "ram_bytes", json_output_bytes(instance->ram_mib << 20));
    json_object_set_new(object, "disk_bytes", json_output_bytes(instance->disk_bytes));
    return object;
}

static char *state_cell(const json_t *row) {
    char label[32];
    vm_status_label(json_string_value(json_object_get(row, "state")), label);
    return alloc_string(label);
}

static const struct rows_column columns[] = {
    {"NAME", .key = "name"},
    {"STATE", .cell = state_cell},
    {"PID", .key = "pid"},
    {"ADDRESS", .key = "address"},
    {"IMAGE", .key = "image"},
    {"REASON", .key = "reason"},
    ROWS_END,
};

static int run_list(struct invocation *invocation, struct error *error) {
    struct store_instances instances = {0};
    struct vm_status vms = {0};
    if (!instance_table_list(invocation->home->store, &instances, error))
        return 1;
    if (!vm_status_open(invocation->home, &vms, error)) {
        store_instances_done(&instances);
        return 1;
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < instances.count; i++)
        json_array_append_new(rows, vm_row(invocation->home, &vms, &instances.items[i]));
    rows_output_print(invocation, rows, columns);
    vm_status_close(&vms);
    store_instances_done(&instances);
    return 0;
}

const struct command cmd_list = {
    .path = "list",
    .alias = "ls",
    .summary = "Show all instances and their states",
    .details = "Asks the supervisor or, if none runs, the VMs themselves.",
    .options = options,
    .section = SECTION_REACH,
    .needs = NEEDS_HOME,
    .run = run_list,
};
