#include "base/alloc.h"
#include "cli/client.h"
#include "cli/direct.h"
#include "cli/invocation.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "home/home.h"
#include "home/running.h"
#include "store/instance_table.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {.name = "timeout",
     .letter = 't',
     .value = "SECONDS",
     .help = "how long to press the power button before QEMU is told to quit; 0: for ever",
     .fallback = "90"},
    {.name = "force", .letter = 'f', .help = "quit QEMU at once, like pulling the plug"},
    {.name = "no-escalate", .help = "at the timeout leave it running and exit 5"},
    OPTIONS_END,
};

static void show(const struct invocation *invocation, const char *outcome) {
    if (invocation->quiet)
        return;
    if (outcome)
        printf("stopped: %s\n", outcome);
    else
        puts("already stopped");
}

static void stop_supervised(struct invocation *invocation, struct client *client,
                            const struct direct_stop *options_given, struct error *error) {
    json_t *params = json_object();
    json_object_set_new(params, "name", json_string(invocation_argument(invocation, 0)));
    json_object_set_new(params, "timeout_ms", json_integer((json_int_t)options_given->limit_ms));
    json_object_set_new(params, "force", json_boolean(options_given->force));
    json_object_set_new(params, "escalate", json_boolean(!options_given->no_escalate));
    json_t *result = client_call(client, "stop", params, progress_show, invocation, error);
    if (result)
        show(invocation, json_string_value(json_object_get(result, "outcome")));
    json_decref(result);
}

static void stop_alone(struct invocation *invocation, const struct direct_stop *options_given,
                       struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    struct running running = {0};
    if (!instance_table_get(invocation->home->store, name, &instance, error))
        return;
    store_instance_done(&instance);
    if (!running_find(invocation->home->run, name, &running)) {
        show(invocation, NULL);
        return;
    }
    invocation_warn("no supervisor runs: talking to the QEMU of %s (process %ld) itself", name,
                    (long)running.pid);
    scoped(alloc_release) char *outcome =
        direct_stop(invocation->home, &running, options_given, error);
    if (outcome)
        show(invocation, outcome);
    running_done(&running);
}

static int run(struct invocation *invocation, struct error *error) {
    uint64_t seconds;
    if (!invocation_number(invocation, "timeout", 0, 86400, &seconds, error))
        return 1;
    struct direct_stop given = {
        .limit_ms = seconds * 1000,
        .force = invocation_flag(invocation, "force"),
        .no_escalate = invocation_flag(invocation, "no-escalate"),
    };
    struct error absent = {0};
    struct client *client = client_open(invocation->home, &absent);
    if (client)
        stop_supervised(invocation, client, &given, error);
    else if (absent.code == ERROR_NO_SUPERVISOR)
        stop_alone(invocation, &given, error);
    else
        *error = absent;
    client_close(client);
    return 0;
}

const struct command cmd_stop = {
    .path = "stop",
    .alias = "shutdown",
    .summary = "Stop an instance gracefully",
    .arguments = "NAME",
    .details =
        "Presses the guest's power button, again every 10 s while it still runs. After the timeout\n"
        "QEMU is told to quit, and killed 10 s later. The outcome says which of these ended it.\n"
        "Stopping an instance that does not run succeeds. Works without a supervisor too.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_RUN,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run,
};
