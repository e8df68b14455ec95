#include "base/buffer.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/console_session.h"
#include "cli/link/vm_command.h"
#include "cli/output/progress_row.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdio.h>
#include <unistd.h>

static const struct option_spec options[] = {
    {.name = "wait", .letter = 'w', .help = "wait until the guest is ready, and show each phase"},
    {.name = "timeout",
     .value = "DURATION",
     .help = "stop waiting after this time; the VM keeps running",
     .fallback = "600"},
    {.name = "no-provision",
     .help = "do not run deploy.yaml after the first boot, but only by `pgsup provision`"},
    {.name = "cold", .help = "discard the memory of a suspended instance, and boot it"},
    {.name = "console", .letter = 'c', .help = "then use its serial console, as `pgsup console`"},
    VM_COMMAND_OPTIONS,
    OPTIONS_END,
};

static const struct option_spec restart_options[] = {
    {.name = "wait", .letter = 'w', .help = "wait until the guest is ready again"},
    {.name = "timeout",
     .value = "DURATION",
     .help = "stop waiting after this time; the VM keeps running",
     .fallback = "600"},
    {.name = "force", .letter = 'f', .help = "quit QEMU immediately instead of asking the guest"},
    VM_COMMAND_OPTIONS,
    OPTIONS_END,
};

static void show_start(const struct invocation *invocation, const char *name, json_t *result) {
    const char *state = json_string_value(json_object_get(result, "state"));
    int64_t took_ms = json_integer_value(json_object_get(result, "took_ms"));
    char took[PROGRESS_ELAPSED_SIZE];
    progress_row_duration(took_ms, took);
    if (invocation_flag(invocation, "wait") && isatty(STDOUT_FILENO))
        printf("%s %s in %s · pgsup ssh %s\n", name, state, took, name);
    else
        printf("%s is %s after %.1f s\n", name, state, (double)took_ms / 1000);
}

/* Failed modules do not prevent readiness. */
static void warn_failed_modules(const char *name, json_t *result) {
    size_t index;
    json_t *each;
    struct buffer modules = {0};
    json_array_foreach(json_object_get(result, "failed_modules"), index, each) {
        buffer_printf(&modules, "%s%s", index ? ", " : "", json_string_value(each));
    }
    if (modules.length)
        invocation_warn("%s: cloud-init failed in %s: see /var/log/cloud-init.log in the guest",
                        name, modules.data);
    buffer_done(&modules);
}

static bool make_params(struct invocation *invocation, json_t **params, struct error *error) {
    uint64_t timeout_ms;
    if (!invocation_duration(invocation, "timeout", 1000, &timeout_ms, error))
        return false;
    *params = json_object();
    json_object_set_new(*params, "wait", json_boolean(invocation_flag(invocation, "wait")));
    json_object_set_new(*params, "timeout_ms", json_integer((json_int_t)timeout_ms));
    return true;
}

static bool check_console(const struct invocation *invocation, struct error *error) {
    if (!invocation_flag(invocation, "console"))
        return true;
    if (invocation_argument_count(invocation) != 1 || invocation_flag(invocation, "all"))
        return error_set(error, ERROR_USAGE, "--console is for one instance");
    return !invocation_flag(invocation, "wait") ||
           error_set(error, ERROR_USAGE, "--console and --wait exclude each other");
}

/* As `instance create --no-provision` does. */
static bool hold_playbook(const struct invocation *invocation, const char *name,
                          struct error *error) {
    struct store *store = invocation->home->store;
    struct store_instance instance = {0};
    bool good = !invocation_flag(invocation, "no-provision") ||
                (instance_table_get(store, name, &instance, error) &&
                 instance_table_set_holds_playbook(store, instance.id, true, error));
    store_instance_done(&instance);
    return good;
}

static int run_start(struct invocation *invocation, struct error *error) {
    struct vm_command command = {.method = "start",
                                 .going = "booting",
                                 .awaits = "ready",
                                 .may_begin = true,
                                 .order = SELECTION_AFTER,
                                 .prepare = hold_playbook,
                                 .show = show_start,
                                 .warn = warn_failed_modules};
    if (!check_console(invocation, error) || !make_params(invocation, &command.params, error))
        return 1;
    json_object_set_new(command.params, "cold", json_boolean(invocation_flag(invocation, "cold")));
    int status = vm_command_run(invocation, &command, error);
    const struct console_link_options chosen = {.name = invocation_argument(invocation, 0)};
    if (invocation_flag(invocation, "console") && status == 0 && error->code == ERROR_NONE)
        console_session_run(invocation->home, &chosen, error);
    return status;
}

static int run_restart(struct invocation *invocation, struct error *error) {
    struct vm_command command = {.method = "restart",
                                 .going = "restarting",
                                 .awaits = "ready",
                                 .may_begin = true,
                                 .order = SELECTION_AFTER,
                                 .show = show_start,
                                 .warn = warn_failed_modules};
    if (!make_params(invocation, &command.params, error))
        return 1;
    json_object_set_new(command.params, "force",
                        json_boolean(invocation_flag(invocation, "force")));
    return vm_command_run(invocation, &command, error);
}

const struct command cmd_start = {
    .path = "start",
    .summary = "Start instances",
    .details = "A guest is ready when it has phoned home (first boot) or when its sshd answers "
               "(later boots). At a first boot cloud-init reports which of its modules runs and "
               "which failed. Starting an instance that already runs succeeds. A suspended "
               "instance continues where it was.\n"
               "\n"
               "With several instances, one that has --after starts when the instance named "
               "there is ready or has failed, if that one is started too.",
    .options = options,
    VM_COMMAND_ARGUMENTS,
    .run = run_start,
};

const struct command cmd_restart = {
    .path = "restart",
    .alias = "reboot",
    .summary = "Stop instances gracefully and start them again",
    .details = "Starts a new QEMU, so that changed settings take effect. An instance that does "
               "not run is started. With several instances, one that has --after follows when "
               "the instance named there is ready again.",
    .options = restart_options,
    VM_COMMAND_ARGUMENTS,
    .run = run_restart,
};
