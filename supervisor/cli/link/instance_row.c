#include "instance_row.h"

#include "base/clock.h"
#include "cli/output/json_output.h"
#include "home/access/endpoint.h"
#include "store/launch_table.h"

#include <string.h>

#define NO_INSTANCE (-1)

bool instance_rows_open(struct home *home, const struct store_instance *only,
                        enum instance_rows_form form, struct instance_rows *rows,
                        struct error *error) {
    const struct vm_status_scope scope = {.only = only ? only->name : NULL,
                                          .brief = form == INSTANCE_ROWS_BRIEF};
    int64_t id = scope.brief ? NO_INSTANCE : only ? only->id : 0;
    *rows = (struct instance_rows){.home = home, .now_ms = clock_wall_ms()};
    if (!vm_status_open(home, &scope, &rows->vms, error))
        return false;
    if (guest_table_list_addresses(home->store, &rows->addresses, error) &&
        instance_output_open(home, id, &rows->output, error))
        return true;
    store_addresses_done(&rows->addresses);
    vm_status_close(&rows->vms);
    return false;
}

void instance_rows_close(struct instance_rows *rows) {
    store_addresses_done(&rows->addresses);
    instance_output_close(&rows->output);
    vm_status_close(&rows->vms);
}

static void find_endpoint(const struct instance_rows *rows, const struct store_instance *instance,
                          struct endpoint *endpoint) {
    const struct store_address *told = store_addresses_find(&rows->addresses, instance->id);
    const struct store_address address = told ? *told : (struct store_address){0};
    const struct store_guest guest = {.address = address.address,
                                      .address_source = address.address_source,
                                      .address_ms = address.address_ms};
    endpoint_of(instance, &guest, endpoint);
}

static void add_endpoint(json_t *row, const struct instance_rows *rows,
                         const struct store_instance *instance) {
    struct endpoint endpoint = {0};
    find_endpoint(rows, instance, &endpoint);
    bool known = endpoint.address[0];
    json_object_set_new(row, "address", json_output_text(known ? endpoint.address : NULL));
    json_object_set_new(row, "port", known ? json_integer(endpoint.port) : json_null());
    json_object_set_new(row, "address_source",
                        json_output_text(endpoint.source[0] ? endpoint.source : NULL));
    json_object_set_new(row, "address_since", json_output_time(endpoint.since_ms));
}

/* When its process was launched; 0: it has none, or nobody knows. */
static int64_t launched_ms(struct instance_rows *rows, const json_t *status,
                           const struct store_instance *instance) {
    struct store_launch launch = {0};
    json_int_t pid = json_integer_value(json_object_get(status, "pid"));
    json_int_t told =
        json_integer_value(json_object_get(json_object_get(status, "phases"), "launched"));
    if (!told)
        told = json_integer_value(json_object_get(status, "launched_ms"));
    if (!pid || told)
        return pid ? told : 0;
    bool known = launch_table_last(rows->home->store, instance->id, &launch, NULL);
    int64_t launched = known && launch.pid == pid ? launch.phases_ms[PHASE_LAUNCHED] : 0;
    store_launch_done(&launch);
    return launched;
}

static void add_status(json_t *row, struct instance_rows *rows,
                       const struct store_instance *instance) {
    static const char *const keys[] = {"state",          "reason",     "pid",
                                       "supervised",     "boot_stage", "boot_module",
                                       "failed_modules", "warnings",   "agent"};
    json_t *status = vm_status_get(&rows->vms, instance);
    int64_t since_ms = json_integer_value(json_object_get(status, "since_ms"));
    int64_t launched = launched_ms(rows, status, instance);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(status, keys[i]);
        json_object_set(row, keys[i], value ? value : json_null());
    }
    json_object_set_new(row, "since", json_output_time(since_ms));
    json_object_set_new(row, "uptime_s",
                        launched && launched <= rows->now_ms
                            ? json_output_seconds((uint64_t)(rows->now_ms - launched))
                            : json_null());
    json_decref(status);
}

json_t *instance_rows_get(struct instance_rows *rows, const struct store_instance *instance) {
    json_t *row = json_object();
    json_output_schema(row);
    json_object_set_new(row, "name", json_output_text(instance->name));
    add_status(row, rows, instance);
    add_endpoint(row, rows, instance);
    json_object_update_new(row, instance_output_object(&rows->output, instance));
    return row;
}

/* Of a thousand rows each key costs: none is there that is null. */
json_t *instance_rows_brief(struct instance_rows *rows, const struct store_instance *instance) {
    struct endpoint endpoint = {0};
    json_t *row = vm_status_get(&rows->vms, instance);
    int64_t launched = launched_ms(rows, row, instance);
    json_object_set_new(row, "name", json_output_text(instance->name));
    if (launched && launched <= rows->now_ms)
        json_object_set_new(row, "uptime_s",
                            json_output_seconds((uint64_t)(rows->now_ms - launched)));
    find_endpoint(rows, instance, &endpoint);
    if (endpoint.address[0]) {
        json_object_set_new(row, "address", json_output_text(endpoint.address));
        json_object_set_new(row, "port", json_integer(endpoint.port));
    }
    json_object_set_new(row, "image", json_output_text(instance->image));
    json_object_set_new(row, "vcpu", json_integer((json_int_t)instance->vcpu));
    json_object_set_new(row, "ram_bytes", json_output_bytes(instance->ram_mib << 20));
    json_object_set_new(row, "disk_bytes", json_output_bytes(instance->disk_bytes));
    return row;
}
