#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/columns.h"
#include "cli/output/instance_output.h"
#include "cli/output/json_output.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"json", .help = "print one JSON array"},
    {"quiet", 'q', .help = "print the names only"},
    OPTIONS_END,
};

static void print_json(const struct home *home, const struct store_instances *instances) {
    json_t *array = json_array();
    for (size_t i = 0; i < instances->count; i++)
        json_array_append_new(array, instance_output_object(home, &instances->items[i]));
    json_output_print(array);
}

static void print_table(const struct store_instances *instances) {
    static const char *const headings[] = {"NAME", "IMAGE", "VCPU",     "RAM",
                                           "DISK", "IP",    "SSH-PORT", NULL};
    struct columns columns;
    columns_init(&columns, headings);
    for (size_t i = 0; i < instances->count; i++) {
        const struct store_instance *instance = &instances->items[i];
        char ram[32], disk[32];
        name_format_size(instance->ram_mib << 20, ram);
        name_format_size(instance->disk_bytes, disk);
        columns_add(&columns, instance->name);
        columns_add(&columns, instance->image);
        columns_addf(&columns, "%" PRIu64, instance->vcpu);
        columns_add(&columns, ram);
        columns_add(&columns, disk);
        columns_add(&columns, instance->ip4 ? instance->ip4 : "dhcp");
        columns_addf(&columns, instance->ssh_port ? "%u" : "-", instance->ssh_port);
    }
    columns_print(&columns, stdout);
    columns_done(&columns);
}

static int run(struct invocation *invocation, struct error *error) {
    struct store_instances instances = {0};
    if (!instance_table_list(invocation->home->store, &instances, error))
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "json"))
        print_json(invocation->home, &instances);
    else if (invocation_flag(invocation, "quiet"))
        for (size_t i = 0; i < instances.count; i++)
            puts(instances.items[i].name);
    else
        print_table(&instances);
    store_instances_done(&instances);
    return EXIT_SUCCESS;
}

const struct command cmd_instance_list = {
    .path = "instance list",
    .alias = "ls",
    .summary = "List the instances as they are defined",
    .details = "What runs, and where it is reached, is told by `pgsup list`.",
    .options = options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run,
};
