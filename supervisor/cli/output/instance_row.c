#include "cli/output/instance_row.h"

#include "cli/output/json_output.h"

static json_t *told_value(const struct vm_now *now, const char *key, json_t *otherwise) {
    json_t *value = json_object_get(now->told, key);
    if (!value)
        return otherwise;
    json_decref(otherwise);
    return json_incref(value);
}

static void add_now(json_t *object, const struct vm_now *now) {
    json_object_set_new(object, "state", json_output_text(now->state));
    json_object_set_new(object, "reason", json_output_text(now->reason));
    json_object_set_new(object, "pid", now->pid ? json_integer(now->pid) : json_null());
    json_object_set_new(object, "supervised", json_boolean(now->supervised));
    json_object_set_new(object, "boot_stage", told_value(now, "boot_stage", json_null()));
    json_object_set_new(object, "boot_module", told_value(now, "boot_module", json_null()));
    json_object_set_new(object, "failed_modules", told_value(now, "failed_modules", json_array()));
    json_object_set_new(object, "warnings", told_value(now, "warnings", json_array()));
    json_object_set_new(object, "agent", told_value(now, "agent", json_null()));
    json_object_set_new(
        object, "provisioning_since",
        json_output_time(json_integer_value(json_object_get(now->told, "provisioning_ms"))));
    json_object_set_new(object, "since", json_output_time(now->since_ms));
    json_object_set_new(object, "uptime_s",
                        now->uptime_ms != UPTIME_NONE
                            ? json_output_seconds((uint64_t)now->uptime_ms)
                            : json_null());
}

void instance_row_endpoint(json_t *object, const struct endpoint *endpoint) {
    bool known = endpoint->address[0];
    json_object_set_new(object, "address", json_output_text(known ? endpoint->address : NULL));
    json_object_set_new(object, "port", known ? json_integer(endpoint->port) : json_null());
    json_object_set_new(object, "address_source",
                        json_output_text(endpoint->source[0] ? endpoint->source : NULL));
    json_object_set_new(object, "address_since", json_output_time(endpoint->since_ms));
}

json_t *instance_row_object(const struct instance_row *row, const struct instance_output *output) {
    json_t *object = json_object();
    json_output_schema(object);
    json_object_set_new(object, "name", json_output_text(row->instance->name));
    add_now(object, &row->now);
    instance_row_endpoint(object, &row->endpoint);
    json_object_update_new(object, instance_output_object(output, row->instance));
    return object;
}
