#include "cli/client.h"
#include "cli/invocation.h"
#include "cli/table.h"
#include "home/home.h"

static const struct option_spec options[] = {
    {.name = "keep", .help = "leave the VMs running; the next `pgsup up` takes them over"},
    OPTIONS_END,
};

static int run(struct invocation *invocation, struct error *error) {
    struct client *client = client_open_any(invocation->home, error);
    if (!client)
        return 1;
    json_t *params = json_object();
    json_object_set_new(params, "keep", json_boolean(invocation_flag(invocation, "keep")));
    json_decref(client_call(client, "down", params, NULL, NULL, error));
    client_close(client);
    return 0;
}

const struct command cmd_down = {
    .path = "down",
    .summary = "Stop all instances, then end the supervisor",
    .options = options,
    .section = SECTION_RUN,
    .needs = NEEDS_HOME,
    .run = run,
};
