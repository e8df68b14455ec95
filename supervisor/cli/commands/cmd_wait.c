#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/vm_command.h"

#include <stdio.h>
#include <string.h>

static const struct option_spec options[] = {
    {.name = "for",
     .value = "running|ready|provisioned|paused|stopped",
     .help = "what to wait for",
     .fallback = "ready"},
    {.name = "timeout", .value = "DURATION", .help = "timeout", .fallback = "600"},
    VM_COMMAND_OPTIONS,
    OPTIONS_END,
};

static void show_wait(const struct invocation *invocation, const char *name, json_t *result) {
    (void)result;
    printf("%s is %s\n", name, invocation_option(invocation, "for"));
}

static int run_wait(struct invocation *invocation, struct error *error) {
    const char *word = invocation_option(invocation, "for");
    struct vm_command command = {
        .method = "wait",
        .going = "as it was",
        .awaits = word,
        .provisions = strcmp(word, "provisioned") == 0,
        .show = show_wait,
    };
    uint64_t timeout_ms;
    if (!invocation_duration(invocation, "timeout", 1000, &timeout_ms, error))
        return 1;
    command.params = json_object();
    json_object_set_new(command.params, "for", json_string(word));
    json_object_set_new(command.params, "timeout_ms", json_integer((json_int_t)timeout_ms));
    return vm_command_run(invocation, &command, error);
}

const struct command cmd_wait = {
    .path = "wait",
    .summary = "Wait until instances reach a state",
    .options = options,
    VM_COMMAND_ARGUMENTS,
    .run = run_wait,
};
