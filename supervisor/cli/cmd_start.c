#include "cli/client.h"
#include "cli/invocation.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "home/home.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {.name = "wait", .letter = 'w', .help = "wait until the guest is ready, showing each phase"},
    {.name = "timeout",
     .value = "SECONDS",
     .help = "give up waiting after this time; the VM is left alone",
     .fallback = "600"},
    OPTIONS_END,
};

static int run(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    uint64_t timeout;
    if (!invocation_number(invocation, "timeout", 1, 86400, &timeout, error))
        return 1;
    struct client *client = client_open(invocation->home, error);
    if (!client)
        return 1;
    json_t *params = json_object();
    json_object_set_new(params, "name", json_string(name));
    json_object_set_new(params, "wait", json_boolean(invocation_flag(invocation, "wait")));
    json_object_set_new(params, "timeout_ms", json_integer((json_int_t)timeout * 1000));
    json_t *result = client_call(client, "start", params, progress_show, invocation, error);
    if (result && !invocation->quiet)
        printf("%s is %s after %.1f s\n", name, json_string_value(json_object_get(result, "state")),
               (double)json_integer_value(json_object_get(result, "took_ms")) / 1000);
    json_decref(result);
    client_close(client);
    return 0;
}

const struct command cmd_start = {
    .path = "start",
    .summary = "Start an instance",
    .arguments = "NAME",
    .details =
        "Ready means: on the first boot the guest has phoned home, on later ones its sshd answers.\n"
        "Starting an instance that runs already succeeds.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_RUN,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run,
};
