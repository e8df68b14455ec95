#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "home/home.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {.name = "for",
     .value = "running|ready|provisioned|paused|stopped",
     .help = "what to wait for",
     .fallback = "ready"},
    {.name = "timeout", .value = "SECONDS", .help = "timeout", .fallback = "600"},
    OPTIONS_END,
};

static int run_wait(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    uint64_t timeout;
    if (!invocation_seconds(invocation, "timeout", 1, &timeout, error))
        return 1;
    struct client *client = client_open(invocation->home, error);
    if (!client)
        return 1;
    json_t *params = json_object();
    json_object_set_new(params, "name", json_string(name));
    json_object_set_new(params, "for", json_string(invocation_option(invocation, "for")));
    json_object_set_new(params, "timeout_ms", json_integer((json_int_t)timeout * 1000));
    json_t *result = client_call_shown(client, "wait", params, invocation, error);
    if (result && !invocation->quiet)
        printf("%s is %s\n", name, invocation_option(invocation, "for"));
    json_decref(result);
    client_close(client);
    return 0;
}

const struct command cmd_wait = {
    .path = "wait",
    .summary = "Wait until an instance reaches a state",
    .arguments = "NAME",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_RUN,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_wait,
};
