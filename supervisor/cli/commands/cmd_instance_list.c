#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/instance_output.h"
#include "cli/output/rows_output.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdlib.h>

static const struct option_spec options[] = {
    {"json", .help = "print one JSON array"},
    {"quiet", 'q', .help = "print the names only"},
    OPTIONS_END,
};

static const struct rows_column columns[] = {
    {"NAME", .key = "name"},
    {"IMAGE", .key = "image"},
    {"VCPU", .key = "vcpu"},
    {"RAM", .key = "ram_bytes", .format = ROWS_BYTES},
    {"DISK", .key = "disk_bytes", .format = ROWS_BYTES},
    {"IP", .key = "ip4", .absent = "dhcp"},
    {"SSH-PORT", .key = "ssh_port"},
    ROWS_END,
};

static int run_instance_list(struct invocation *invocation, struct error *error) {
    struct store_instances instances = {0};
    if (!instance_table_list(invocation->home->store, &instances, error))
        return EXIT_FAILURE;
    json_t *rows = json_array();
    for (size_t i = 0; i < instances.count; i++)
        json_array_append_new(rows, instance_output_object(invocation->home, &instances.items[i]));
    store_instances_done(&instances);
    if (invocation_flag(invocation, "quiet") && !invocation_flag(invocation, "json"))
        rows_output_names(rows);
    else
        rows_output_print(invocation, rows, columns);
    return EXIT_SUCCESS;
}

const struct command cmd_instance_list = {
    .path = "instance list",
    .alias = "ls",
    .summary = "List the definitions of the instances",
    .details = "`pgsup list` shows which of them run, and their addresses.",
    .options = options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run_instance_list,
};
