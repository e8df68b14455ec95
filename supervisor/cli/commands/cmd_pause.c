#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/vm_command.h"

#include <stdio.h>

static const struct option_spec options[] = {VM_COMMAND_ALL, OPTIONS_END};

static void show_state(const char *name, json_t *result) {
    printf("%s is %s\n", name, json_string_value(json_object_get(result, "state")));
}

static int run_method(struct invocation *invocation, const char *method, struct error *error) {
    struct vm_command command = {.method = method, .params = json_object(), .show = show_state};
    return vm_command_run(invocation, &command, error);
}

static int run_pause(struct invocation *invocation, struct error *error) {
    return run_method(invocation, "pause", error);
}

static int run_resume(struct invocation *invocation, struct error *error) {
    return run_method(invocation, "resume", error);
}

static int run_reset(struct invocation *invocation, struct error *error) {
    return run_method(invocation, "reset", error);
}

const struct command cmd_pause = {
    .path = "pause",
    .alias = "suspend",
    .summary = "Halt the CPUs of instances and keep their memory",
    .options = options,
    VM_COMMAND_ARGUMENTS,
    .run = run_pause,
};

const struct command cmd_resume = {
    .path = "resume",
    .summary = "Resume paused instances",
    .options = options,
    VM_COMMAND_ARGUMENTS,
    .run = run_resume,
};

const struct command cmd_reset = {
    .path = "reset",
    .summary = "Press the reset button of instances, without asking the guest",
    .options = options,
    VM_COMMAND_ARGUMENTS,
    .run = run_reset,
};
