#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/instance_output.h"
#include "cli/output/json_output.h"
#include "home/home.h"

#include <stdlib.h>

static const struct option_spec options[] = {
    {"json", .help = "print one JSON object"},
    OPTIONS_END,
};

static int run_instance_get(struct invocation *invocation, struct error *error) {
    struct home *home = invocation->home;
    struct store_instance instance = {0};
    if (!instance_table_get(home->store, invocation_argument(invocation, 0), &instance, error))
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "json"))
        json_output_print(instance_output_object(home, &instance));
    else
        instance_output_print(home, &instance);
    store_instance_done(&instance);
    return EXIT_SUCCESS;
}

const struct command cmd_instance_get = {
    .path = "instance get",
    .summary = "Show the definition of an instance",
    .arguments = "NAME",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_instance_get,
};
