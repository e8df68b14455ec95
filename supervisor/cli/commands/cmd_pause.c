#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/vm_command.h"

#include <stdio.h>

static const struct option_spec options[] = {VM_COMMAND_OPTIONS, OPTIONS_END};

static void show_state(const struct invocation *invocation, const char *name, json_t *result) {
    (void)invocation;
    printf("%s is %s\n", name, json_string_value(json_object_get(result, "state")));
}

static int run_pause(struct invocation *invocation, struct error *error) {
    struct vm_command command = {"pause", json_object(), "pausing", "paused", .show = show_state};
    return vm_command_run(invocation, &command, error);
}

static int run_resume(struct invocation *invocation, struct error *error) {
    struct vm_command command = {"resume", json_object(), "resuming", "running",
                                 .show = show_state};
    return vm_command_run(invocation, &command, error);
}

static int run_reset(struct invocation *invocation, struct error *error) {
    struct vm_command command = {"reset", json_object(), "resetting", "running",
                                 .show = show_state};
    return vm_command_run(invocation, &command, error);
}

const struct command cmd_pause = {
    .path = "pause",
    .summary = "Halt the CPUs of instances and keep their memory",
    .details = "The guest's memory stays in the memory of this computer; `pgsup suspend` saves "
               "it to disk.",
    .options = options,
    VM_COMMAND_ARGUMENTS,
    .run = run_pause,
};

const struct command cmd_resume = {
    .path = "resume",
    .summary = "Resume paused instances",
    .details = "For a suspended instance use `pgsup start`.",
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
