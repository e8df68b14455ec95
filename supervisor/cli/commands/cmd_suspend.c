#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/vm_command.h"
#include "machine/core/suspend_tag.h"

#include <stdio.h>
#include <string.h>

static const struct option_spec options[] = {VM_COMMAND_OPTIONS, OPTIONS_END};

static void show_suspended(const struct invocation *invocation, const char *name, json_t *result) {
    const char *outcome = json_string_value(json_object_get(result, "outcome"));
    const char *state = json_string_value(json_object_get(result, "state"));
    bool suspended = state && strcmp(state, SUSPEND_STATE) == 0;
    (void)invocation;
    printf("%s %s\n", name,
           outcome     ? outcome
           : suspended ? "is suspended already"
                       : "does not run");
}

static int run_suspend(struct invocation *invocation, struct error *error) {
    struct vm_command command = {.method = "suspend",
                                 .going = "suspending",
                                 .awaits = "stopped",
                                 .params = json_object(),
                                 .order = SELECTION_REVERSE,
                                 .show = show_suspended};
    bool any = invocation_flag(invocation, "all") || invocation_given(invocation, "group");
    json_object_set_new(command.params, "any", json_boolean(any));
    return vm_command_run(invocation, &command, error);
}

const struct command cmd_suspend = {
    .path = "suspend",
    .summary = "Save the memory of instances to disk, until they are started",
    .details =
        "Halts the guest, saves its memory into its disk and ends QEMU. Nothing of the "
        "guest runs then, and you may switch the computer off. `pgsup start` loads the "
        "memory: the guest continues where it was, and its agent sets its clock. Until "
        "then do not change its disks and its hardware; `pgsup start --cold` discards the "
        "memory. The disk needs room for the memory. With --all or --group, instances that do "
        "not run stay as they are. See `pgsup help snapshots`.",
    .options = options,
    VM_COMMAND_ARGUMENTS,
    .run = run_suspend,
};
