#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/input/cloud_choice_options.h"
#include "cli/input/network_options.h"
#include "cli/input/password_input.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "cli/link/definition_report.h"
#include "home/change/network_change.h"
#include "home/cloud/cloud.h"
#include "home/names/dns_update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {"ph-port", 0, "PORT|auto",
     .help = "port where guests fetch their seed and phone home; auto: another one when it is "
             "taken as a supervisor starts"},
    {"ask-admin-password", 0,
     .help = "ask for a new password of 'cloudadmin' on the terminal, without echo"},
    {"admin-password", 0, "TEXT", .help = "that password; visible to others in the process list"},
    {"admin-password-file", 0, "FILE",
     .help = "file whose first line is that password; -: standard input"},
    {"no-admin-password", 0,
     .help = "give 'cloudadmin' no password and disable password logins: keys only"},
    {"ssh-public-key", 0, "FILE",
     .help = "file of public keys that the user 'ansible' accepts; replaces the previous "
             "ones",
     .many = true},
    {"new-ssh-key", 0, .help = "make a new key in the home, instead of the previous ones"},
    {"ssh-private-key", 0, "FILE",
     .help = "private key for ssh and Ansible; \"\": the one beside the public key, or ssh-agent"},
    {"ssh-user", 0, "NAME", .help = "user of the guests as whom ssh logs in; \"\": ansible"},
    {"user", 0, "NAME:KEYFILE",
     .help = "additional user in every guest, with the keys in that file; replaces the "
             "keys of an existing one",
     .many = true},
    {"remove-user", 0, "NAME", .help = "remove a user from the guests to be created", .many = true},
    {"dns-server", 0, "ADDRESS[:PORT]",
     .help = "DNS server that is updated with the names of instances, by nsupdate"},
    {"dns-zone", 0, "ZONE", .help = "DNS zone that holds the names, such as lab.example.org"},
    {"dns-key", 0, "FILE",
     .help = "TSIG key that signs the updates, as written by `tsig-keygen`; \"\": no "
             "signature"},
    NETWORK_OPTIONS,
    {"renumber", 0, .help = "give instances that would be outside of the network other addresses"},
    {"lab", 0, "NETWORK",
     .help = "one of `pgsup network list` in which each new instance gets a second card; \"\": "
             "none"},
    CLOUD_CHOICE_OPTIONS,
    {"no-dns", 0, .help = "update no DNS server; removes the existing names from it"},
    DEFINITION_REPORT_OPTION,
    OPTIONS_END,
};

static bool is_any_given(const struct invocation *invocation) {
    for (const struct option_spec *spec = options; spec->name; spec++)
        if (strcmp(spec->name, "json") != 0 && invocation_given(invocation, spec->name))
            return true;
    return false;
}

static bool changes_password(const struct invocation *invocation) {
    return invocation_flag(invocation, "ask-admin-password") ||
           invocation_given(invocation, "admin-password") ||
           invocation_given(invocation, "admin-password-file") ||
           invocation_flag(invocation, "no-admin-password");
}

static bool changes_guests(const struct invocation *invocation) {
    return changes_password(invocation) || invocation_given(invocation, "ssh-public-key") ||
           invocation_flag(invocation, "new-ssh-key") || invocation_given(invocation, "user") ||
           invocation_given(invocation, "remove-user");
}

/* A running supervisor keeps its port. */
static bool check_no_supervisor(const struct home *home, struct error *error) {
    struct error absent = {0};
    struct client *client = client_open_any(home, &absent);
    if (!client)
        return absent.code == ERROR_NO_SUPERVISOR || error_copy(error, &absent);
    client_close(client);
    return error_set(error, ERROR_WRONG_STATE,
                     "a supervisor runs and would not notice the change: end it first with `pgsup "
                     "down`, or with `pgsup down --keep`, which keeps the VMs running");
}

static bool check_settings(const struct invocation *invocation, struct error *error) {
    if (!is_any_given(invocation))
        return error_set(error, ERROR_USAGE,
                         "nothing to change was given: `pgsup help cloud set` lists the options");
    for (char *const *each = invocation_values(invocation, "ssh-public-key"); *each; each++)
        if (!invocation_check_file(*each, "public key", error))
            return false;
    const struct network_settings network = network_options_read(invocation);
    bool other_network = network_settings_are_given(&network);
    if (!other_network && invocation_flag(invocation, "renumber"))
        return error_set(error, ERROR_USAGE, "--renumber goes with options of the network");
    return (!invocation_given(invocation, "ph-port") && !other_network) ||
           check_no_supervisor(invocation->home, error);
}

static void report_settings(const struct invocation *invocation) {
    const char *port = invocation_option(invocation, "ph-port");
    if (port)
        printf("port %s is used from the next `pgsup up` on, and by guests from their next "
               "start on\n",
               port);
    if (invocation_given(invocation, "ssh-private-key") ||
        invocation_flag(invocation, "new-ssh-key"))
        puts("`pgsup ssh` uses the private key from now on, Ansible from its next run on");
    if (invocation_flag(invocation, "package-upgrade") ||
        invocation_flag(invocation, "no-package-upgrade"))
        puts("instances that are created from now on have this setting");
    if (changes_guests(invocation))
        puts("accounts are created at the first boot: guests that have booted before are "
             "unchanged");
}

static bool report_network(const struct invocation *invocation, struct network_change *change,
                           const char *found, struct error *error) {
    struct buffer notices = {0};
    bool good = network_change_regenerate(invocation->home, &notices, error);
    network_options_report(found);
    if (change->report.length) {
        fputs(change->report.data, stdout);
        puts("guests that have booted before keep their addresses until cloud-init runs again: "
             "`pgsup instance set NAME --rerun-cloud-init`");
    }
    puts("the network is used from the next `pgsup up` on, and by guests from their next start on");
    invocation_notice(notices.length ? buffer_take(&notices) : NULL);
    buffer_done(&notices);
    buffer_done(&change->report);
    return good;
}

static int run_cloud_set(struct invocation *invocation, struct error *error) {
    scoped(password_input_release) char *password = NULL;
    if (!check_settings(invocation, error) ||
        (changes_password(invocation) && !password_input_read(invocation, &password, error)))
        return EXIT_FAILURE;
    scoped(alloc_release) char *found = NULL;
    struct network_change network = {.renumber = invocation_flag(invocation, "renumber")};
    struct cloud_changes changes = {
        .admin_password = password,
        .remove_admin_password = invocation_flag(invocation, "no-admin-password"),
        .ssh_public_keys =
            invocation_given(invocation, "ssh-public-key")
                ? (const char *const *)invocation_values(invocation, "ssh-public-key")
                : NULL,
        .ssh_private_key = invocation_option(invocation, "ssh-private-key"),
        .ssh_user = invocation_option(invocation, "ssh-user"),
        .new_ssh_key = invocation_flag(invocation, "new-ssh-key"),
        .users = invocation_values(invocation, "user"),
        .removed_users = invocation_values(invocation, "remove-user"),
        .phone_home_port = invocation_option(invocation, "ph-port"),
        .network = network_options_read(invocation),
        .lab = invocation_option(invocation, "lab"),
        .found = &found,
        .context = &network,
        .dns = {.server = invocation_option(invocation, "dns-server"),
                .zone = invocation_option(invocation, "dns-zone"),
                .key = invocation_option(invocation, "dns-key"),
                .none = invocation_flag(invocation, "no-dns")},
    };
    if (network_settings_are_given(&changes.network))
        changes.follow = network_change_follow;
    if (!cloud_choice_options_read(invocation, &changes.choices, error) ||
        !cloud_set(invocation->home, &changes, error)) {
        buffer_done(&network.report);
        return EXIT_FAILURE;
    }
    if (changes.follow && !report_network(invocation, &network, found, error))
        return EXIT_FAILURE;
    if (changes.dns.server || changes.dns.zone || changes.dns.key)
        dns_update_doubt(invocation->home, NULL); /* the next update reports problems */
    report_settings(invocation);
    return EXIT_SUCCESS;
}

const struct command cmd_cloud_set = {
    .path = "cloud set",
    .summary = "Change settings of the cloud home",
    .details = "Changes all of the given settings, or none. Changes to accounts affect only "
               "guests that have not booted yet.",
    .options = options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_cloud_set,
    .report = definition_report_cloud,
};
