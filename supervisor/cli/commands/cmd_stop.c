#include "base/alloc.h"
#include "base/file.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/offline_stop.h"
#include "cli/link/stopped_instance.h"
#include "cli/link/vm_command.h"
#include "home/home.h"
#include "home/running.h"
#include "home/snapshot/suspension.h"
#include "store/instance_table.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {.name = "timeout",
     .letter = 't',
     .value = "DURATION",
     .help = "how long to press the power button before QEMU is told to quit; 0: without "
             "limit",
     .fallback = "90"},
    {.name = "force", .letter = 'f', .help = "quit QEMU immediately, like pulling the plug"},
    {.name = "no-escalate", .help = "at the timeout keep it running and exit with 5"},
    {.name = "discard", .help = "discard the memory of a suspended instance"},
    VM_COMMAND_OPTIONS,
    OPTIONS_END,
};

static bool has_several(const struct invocation *invocation) {
    return invocation_flag(invocation, "all") || invocation_given(invocation, "group") ||
           invocation_argument_count(invocation) > 1;
}

static bool is_suspended(const struct invocation *invocation, const char *name) {
    struct saved_memory saved = {0};
    bool suspended = suspension_read(invocation->home, name, &saved, NULL) && saved.tag;
    saved_memory_done(&saved);
    return suspended;
}

static void show_outcome(const struct invocation *invocation, const char *name,
                         const char *outcome) {
    bool named = has_several(invocation);
    bool rests = !outcome && is_suspended(invocation, name);
    printf("%s%s%s%s", named ? name : "", named ? " " : "",
           outcome ? "stopped: " : "already stopped", outcome ? outcome : "");
    if (rests)
        printf(", suspended: `pgsup stop %s --discard` discards its memory", name);
    puts("");
}

static void show_stop(const struct invocation *invocation, const char *name, json_t *result) {
    show_outcome(invocation, name, json_string_value(json_object_get(result, "outcome")));
}

/* When it has stopped: one that ran may have some, which it was loading or another program made. */
static bool discard_memory(const struct invocation *invocation, const char *name,
                           struct error *error) {
    struct store_instance instance = {0};
    scoped(file_release) int lock = -1;
    bool suspended = is_suspended(invocation, name);
    bool good =
        !suspended || (stopped_instance_lock_suspended(invocation, name, &instance, &lock, error) &&
                       suspension_discard(invocation->home, &instance, error));
    store_instance_done(&instance);
    if (suspended && good && !invocation->quiet && !invocation_wants_json(invocation))
        printf("%s: its saved memory is discarded\n", name);
    return good;
}

static void tell_offline(const struct invocation *invocation, const char *name,
                         const char *outcome) {
    if (invocation_wants_json(invocation))
        vm_command_print_json(name, "stopped", outcome);
    else if (!invocation->quiet)
        show_outcome(invocation, name, outcome);
}

/* Stops it over its second monitor. */
static void stop_offline(struct invocation *invocation, const char *name, void *context,
                         struct error *error) {
    struct store_instance instance = {0};
    struct running running = {0};
    if (!instance_table_get(invocation->home->store, name, &instance, error))
        return;
    store_instance_done(&instance);
    if (!running_find(invocation->home->run, name, &running, error))
        return;
    scoped(alloc_release) char *outcome = NULL;
    if (running.name) {
        invocation_warn("no supervisor runs: stopping the QEMU of %s (process %ld) directly", name,
                        (long)running.pid);
        outcome = offline_stop(invocation->home, &running, context, error);
    }
    bool stopped = !running.name || outcome;
    bool good = stopped && (!invocation_flag(invocation, "discard") ||
                            discard_memory(invocation, name, error));
    if (good || (stopped && !invocation_wants_json(invocation)))
        tell_offline(invocation, name, outcome);
    running_done(&running);
}

static int run_stop(struct invocation *invocation, struct error *error) {
    uint64_t limit_ms;
    if (!invocation_duration(invocation, "timeout", 0, &limit_ms, error))
        return 1;
    struct offline_stop_options given = {
        .limit_ms = limit_ms,
        .force = invocation_flag(invocation, "force"),
        .may_escalate = !invocation_flag(invocation, "no-escalate"),
    };
    if (given.force && !given.may_escalate) {
        error_set(error, ERROR_USAGE, "--force and --no-escalate exclude each other");
        return 1;
    }
    bool discards = invocation_flag(invocation, "discard");
    struct vm_command command = {.method = "stop",
                                 .going = "stopping",
                                 .awaits = "stopped",
                                 .params = json_object(),
                                 .order = SELECTION_REVERSE,
                                 .finish = discards ? discard_memory : NULL,
                                 .left_out =
                                     discards ? "; saved memory is not discarded then" : NULL,
                                 .show = show_stop,
                                 .offline = stop_offline,
                                 .context = &given};
    json_object_set_new(command.params, "timeout_ms", json_integer((json_int_t)given.limit_ms));
    json_object_set_new(command.params, "force", json_boolean(given.force));
    json_object_set_new(command.params, "escalate", json_boolean(given.may_escalate));
    return vm_command_run(invocation, &command, error);
}

static const struct option_spec kill_options[] = {VM_COMMAND_OPTIONS, OPTIONS_END};

static int run_kill(struct invocation *invocation, struct error *error) {
    struct vm_command command = {.method = "kill",
                                 .going = "ending",
                                 .awaits = "stopped",
                                 .params = json_object(),
                                 .show = show_stop};
    return vm_command_run(invocation, &command, error);
}

const struct command cmd_stop = {
    .path = "stop",
    .alias = "shutdown",
    .summary = "Stop instances gracefully",
    .details = "Presses the guest's power button, and again every 10 s while the guest runs. "
               "After the timeout QEMU is told to quit, and 10 s later it is killed. The output "
               "says which of these ended it. Stopping an instance that does not run succeeds. "
               "With several instances, one that others name in their --after stops after these. "
               "Also works without a supervisor.",
    .options = options,
    VM_COMMAND_ARGUMENTS,
    .run = run_stop,
};

const struct command cmd_kill = {
    .path = "kill",
    .summary = "Kill the QEMU of instances with SIGKILL",
    .details = "The last resort if `pgsup stop -f` does not help.",
    .options = kill_options,
    VM_COMMAND_ARGUMENTS,
    .run = run_kill,
};
