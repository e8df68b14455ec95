#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/input/document_options.h"
#include "cli/invocation.h"
#include "cli/link/guest_clean.h"
#include "cli/link/instance_report.h"
#include "cli/link/vm_status.h"
#include "home/change/home_edit.h"
#include "home/change/settings.h"
#include "home/home.h"
#include "home/instance/definition.h"
#include "home/instance/host_limits.h"
#include "home/instance/startup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {.name = "vcpu", .value = "NUMBER", .help = "virtual processors", .also = "cpus cpu c"},
    {.name = "ram",
     .value = "SIZE",
     .help = "memory, in MiB or with a unit",
     .also = "memory mem m"},
    {.name = "ip", .value = "ADDRESS", .help = "static IPv4 address; \"\": DHCP"},
    {.name = "nic",
     .value = "NETWORK|KIND[,if=NAME][,ip=ADDRESS][,mac=MAC]",
     .help = "network cards besides the first one, instead of those before, as in `instance "
             "create`: one that stays in its network keeps what is not given; \"\": none",
     .many = true},
    {.name = "seed", .value = "http|drive|both", .help = "how the guest gets its cloud-init seed"},
    {.name = "user-data",
     .value = "FILE",
     .help = "your own user-data, of any kind that cloud-init accepts; pgsup adds its own "
             "to it; \"\": none"},
    {.name = "vendor-data", .value = "FILE", .help = "your own vendor-data; \"\": none"},
    {.name = "network-config",
     .value = "FILE",
     .help = "your own network-config, which replaces pgsup's; \"\": none"},
    {.name = "accel",
     .value = "hvf|kvm|tcg",
     .help = "accelerator; \"\": the best one that works, chosen at each start"},
    {.name = "nested", .help = "let its guest run virtual machines of its own"},
    {.name = "no-nested", .help = "do not"},
    {.name = "machine-update",
     .help = "at the next start take the newest version of QEMU's machine, and keep that"},
    {.name = "ssh-port",
     .value = "PORT",
     .help = "with user networking: port of 127.0.0.1 that is forwarded to the guest's SSH"},
    {.name = "restart",
     .value = "no|on-failure|always",
     .help = "when the supervisor restarts it after it has ended"},
    {.name = "autostart", .help = "start it when a supervisor starts"},
    {.name = "no-autostart", .help = "start it only on request"},
    {.name = "backup-to",
     .value = "DIR",
     .help = "folder to which the supervisor backs it up; \"\": no backups"},
    {.name = "backup-every",
     .value = "TIME",
     .help = "how often the supervisor backs it up, if it has run since the last backup; "
             "default: 1d; \"\": never"},
    {.name = "backup-keep",
     .value = "NUMBER",
     .help = "how many of these backups the supervisor keeps; default: 7"},
    {.name = "after",
     .value = "NAME",
     .help = "autostart it only when this instance is ready; \"\": wait for none"},
    {.name = "snapshot-every",
     .value = "DURATION",
     .help = "how often the supervisor takes a snapshot while it runs, such as 6h or 1d; \"\": "
             "never"},
    {.name = "snapshot-keep",
     .value = "NUMBER",
     .help = "how many of these snapshots the supervisor keeps; default: 7"},
    {.name = "group",
     .value = "NAME[,NAME...]",
     .help = "groups of Ansible's inventory that it is in, instead of those before; \"\": none",
     .many = true},
    {.name = "var",
     .value = "NAME=VALUE",
     .help = "variable that Ansible has for it",
     .many = true},
    {.name = "remove-var", .value = "NAME", .help = "remove such a variable", .many = true},
    {.name = "provision", .help = "run deploy.yaml after the first boot"},
    {.name = "no-provision", .help = "run deploy.yaml only by `pgsup provision`"},
    {.name = "rerun-cloud-init",
     .help = "run cloud-init again at the next boot as at the first one: users, host keys, "
             "packages, phone-home"},
    INSTANCE_REPORT_OPTION,
    OPTIONS_END,
};

static bool is_hardware(const struct instance_change_options *wanted) {
    return wanted->vcpu || wanted->ram || wanted->ip4 || wanted->seed || wanted->accel ||
           wanted->ssh_port || wanted->nics || wanted->nested != INSTANCE_NESTED_AS_IT_IS ||
           wanted->machine_update;
}

static bool is_startup(const struct startup_options *wanted) {
    return wanted->restart || wanted->after || wanted->autostart != STARTUP_AUTOSTART_AS_IT_IS;
}

static bool is_schedule(const struct snapshot_schedule_options *wanted) {
    return wanted->every || wanted->keep;
}

static bool is_ansible(const struct ansible_options *wanted) {
    return wanted->groups || wanted->variables || wanted->removed_variables ||
           wanted->playbook != ANSIBLE_PLAYBOOK_AS_IT_IS;
}

static bool read_ansible(const struct invocation *invocation, struct ansible_options *wanted,
                         struct error *error) {
    bool on = invocation_flag(invocation, "provision");
    bool off = invocation_flag(invocation, "no-provision");
    if (on && off)
        return error_set(error, ERROR_USAGE, "--no-provision excludes --provision");
    if (on || off)
        wanted->playbook = on ? ANSIBLE_PLAYBOOK_RUNS : ANSIBLE_PLAYBOOK_HELD;
    if (invocation_given(invocation, "group"))
        wanted->groups = invocation_values(invocation, "group");
    if (invocation_given(invocation, "var"))
        wanted->variables = invocation_values(invocation, "var");
    if (invocation_given(invocation, "remove-var"))
        wanted->removed_variables = invocation_values(invocation, "remove-var");
    return true;
}

static bool read_autostart(const struct invocation *invocation, enum startup_autostart *autostart,
                           struct error *error) {
    bool on = invocation_flag(invocation, "autostart");
    bool off = invocation_flag(invocation, "no-autostart");
    if (on && off)
        return error_set(error, ERROR_USAGE, "--no-autostart excludes --autostart");
    if (on || off)
        *autostart = on ? STARTUP_AUTOSTART_ON : STARTUP_AUTOSTART_OFF;
    return true;
}

static bool read_nested(const struct invocation *invocation, enum instance_nested *nested,
                        struct error *error) {
    bool on = invocation_flag(invocation, "nested");
    bool off = invocation_flag(invocation, "no-nested");
    if (on && off)
        return error_set(error, ERROR_USAGE, "--no-nested excludes --nested");
    if (on || off)
        *nested = on ? INSTANCE_NESTED_ON : INSTANCE_NESTED_OFF;
    return true;
}

/* Reports what the guest does not notice by itself. */
static bool report_settings(const struct invocation *invocation, const char *name,
                            const struct instance_change_options *wanted, struct error *error) {
    struct store_instance instance = {0};
    struct running running = {0};
    bool due = false;
    bool good = instance_table_get(invocation->home->store, name, &instance, error) &&
                vm_status_find(invocation->home, &instance, &running, error);
    if (good)
        document_options_remark(invocation, &instance);
    if (good && running.name && is_hardware(wanted))
        printf("%s runs: the change takes effect at the next start\n", name);
    if (good && (wanted->ip4 || wanted->nics))
        printf("a guest that has booted before keeps its addresses until cloud-init runs "
               "again\n");
    if (good && user_documents_any(wanted->own))
        printf("a guest that has booted before reads it when cloud-init runs again\n");
    if (good && wanted->rerun)
        good = guest_clean_is_needed(invocation, &instance, &due, error) &&
               (!due || guest_clean(invocation, &instance, &running, error));
    if (good && wanted->rerun)
        printf("cloud-init runs again at the next %s\n", running.name ? "restart" : "start");
    if (good && (wanted->vcpu || wanted->ip4))
        invocation_notes(host_limits_remarks(invocation->home, name));
    running_done(&running);
    store_instance_done(&instance);
    return good;
}

static int run_instance_set(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct user_documents own = {0};
    struct instance_change_options wanted = {
        .own = &own,
        .rerun = invocation_flag(invocation, "rerun-cloud-init"),
        .machine_update = invocation_flag(invocation, "machine-update"),
        .vcpu = invocation_option(invocation, "vcpu"),
        .ram = invocation_option(invocation, "ram"),
        .ip4 = invocation_option(invocation, "ip"),
        .nics = invocation_given(invocation, "nic") ? invocation_values(invocation, "nic") : NULL,
        .ssh_port = invocation_option(invocation, "ssh-port"),
        .seed = invocation_option(invocation, "seed"),
        .accel = invocation_option(invocation, "accel"),
        .backups = {.to = invocation_option(invocation, "backup-to"),
                    .every = invocation_option(invocation, "backup-every"),
                    .keep = invocation_option(invocation, "backup-keep")},
        .startup = {.restart = invocation_option(invocation, "restart"),
                    .after = invocation_option(invocation, "after")},
        .snapshots = {.every = invocation_option(invocation, "snapshot-every"),
                      .keep = invocation_option(invocation, "snapshot-keep")},
    };
    bool good = read_autostart(invocation, &wanted.startup.autostart, error) &&
                read_nested(invocation, &wanted.nested, error) &&
                read_ansible(invocation, &wanted.ansible, error) &&
                document_options_read(invocation, &own, error);
    if (good && !is_hardware(&wanted) && !is_startup(&wanted.startup) &&
        !backup_period_any(&wanted.backups) && !is_schedule(&wanted.snapshots) &&
        !user_documents_any(&own) && !wanted.rerun && !is_ansible(&wanted.ansible))
        good =
            error_set(error, ERROR_USAGE,
                      "nothing to change was given: `pgsup help instance set` lists the options");
    struct home_edit edit = {.home = invocation->home, .instance = name};
    good = good && settings_change(&edit, &wanted, error) &&
           report_settings(invocation, name, &wanted, error);
    invocation_notice(edit.notice);
    user_documents_done(&own);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command cmd_instance_set = {
    .path = "instance set",
    .brief = "set",
    .summary = "Change the settings of an instance",
    .arguments = "NAME",
    .details = "Changes to the hardware take effect at the next start, changes to the "
               "restart policy immediately. For the disk see `pgsup help instance resize`.\n"
               "\n"
               "The supervisor waits 1 s before the first restart, then up to 60 s, and "
               "gives up after the tenth within 10 minutes. A guest that powers itself off "
               "has not failed; an instance that was stopped stays stopped.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_instance_set,
    .report = instance_report_first,
};
