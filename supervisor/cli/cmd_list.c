#include "base/alloc.h"
#include "cli/invocation.h"
#include "cli/runtime.h"
#include "cli/table.h"
#include "home/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {.name = "json", .help = "one JSON array; sizes in bytes"},
    OPTIONS_END,
};

static char *address_of(struct home *home, const struct store_instance *instance) {
    struct instance_endpoint endpoint = {0};
    instance_endpoint(home, instance, &endpoint, NULL);
    if (!endpoint.address[0])
        return alloc_string("-");
    if (endpoint.port == 22)
        return alloc_string(endpoint.address);
    return alloc_printf("%s:%u", endpoint.address, endpoint.port);
}

static json_t *row(struct home *home, struct runtime *runtime,
                   const struct store_instance *instance) {
    json_t *object = runtime_get(runtime, instance->name);
    scoped(alloc_release) char *address = address_of(home, instance);
    json_object_set_new(object, "name", json_string(instance->name));
    json_object_set_new(object, "address",
                        strcmp(address, "-") == 0 ? json_null() : json_string(address));
    json_object_set_new(object, "ip", instance->ip4 ? json_string(instance->ip4) : json_null());
    json_object_set_new(object, "mac", json_string(instance->mac));
    json_object_set_new(object, "image", json_string(instance->image));
    json_object_set_new(object, "vcpu", json_integer((json_int_t)instance->vcpu));
    json_object_set_new(object, "ram", json_integer((json_int_t)(instance->ram_mib << 20)));
    json_object_set_new(object, "disk", json_integer((json_int_t)instance->disk_bytes));
    return object;
}

static int width(json_t *rows, const char *key, int least) {
    size_t index;
    json_t *each;
    json_array_foreach(rows, index, each) {
        const char *text = json_string_value(json_object_get(each, key));
        if (text && (int)strlen(text) > least)
            least = (int)strlen(text);
    }
    return least;
}

static void print_table(json_t *rows) {
    int name = width(rows, "name", 4), address = width(rows, "address", 7);
    int image = width(rows, "image", 5);
    size_t index;
    json_t *each;
    printf("%-*s  %-16s  %-7s  %-*s  %-*s  REASON\n", name, "NAME", "STATE", "PID", address,
           "ADDRESS", image, "IMAGE");
    json_array_foreach(rows, index, each) {
        char label[32], pid[24] = "-";
        json_t *number = json_object_get(each, "pid");
        const char *where = json_string_value(json_object_get(each, "address"));
        const char *reason = json_string_value(json_object_get(each, "reason"));
        runtime_state_label(json_string_value(json_object_get(each, "state")), label);
        if (json_is_integer(number))
            snprintf(pid, sizeof pid, "%lld", (long long)json_integer_value(number));
        printf("%-*s  %-16s  %-7s  %-*s  %-*s  %s\n", name,
               json_string_value(json_object_get(each, "name")), label, pid, address,
               where ? where : "-", image, json_string_value(json_object_get(each, "image")),
               reason ? reason : "");
    }
}

static int run(struct invocation *invocation, struct error *error) {
    struct store_instances instances = {0};
    struct runtime runtime = {0};
    if (!instance_table_list(invocation->home->store, &instances, error))
        return 1;
    if (!runtime_open(invocation->home, &runtime, error)) {
        store_instances_done(&instances);
        return 1;
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < instances.count; i++)
        json_array_append_new(rows, row(invocation->home, &runtime, &instances.items[i]));
    if (invocation_flag(invocation, "json")) {
        json_dumpf(rows, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        print_table(rows);
    }
    json_decref(rows);
    runtime_close(&runtime);
    store_instances_done(&instances);
    return 0;
}

const struct command cmd_list = {
    .path = "list",
    .alias = "ls",
    .summary = "Show all instances and what they do",
    .details = "Asks the supervisor; without one, the VMs themselves.",
    .options = options,
    .section = SECTION_REACH,
    .needs = NEEDS_HOME,
    .run = run,
};
