#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/input/cloud_choice_options.h"
#include "cli/input/cloud_questions.h"
#include "cli/input/network_options.h"
#include "cli/input/password_input.h"
#include "cli/invocation.h"
#include "cli/link/definition_report.h"
#include "cli/link/own_command.h"
#include "home/cloud/cloud.h"
#include "home/cloud/network_settings.h"
#include "home/cloud/subnet.h"
#include "home/network/home_network.h"
#include "host/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name of the cloud", .fallback = "pgsup"},
    {"admin-password", 0, "TEXT",
     .help = "password of the user 'cloudadmin'; visible to others in the process list"},
    {"admin-password-file", 0, "FILE",
     .help = "file whose first line is that password; -: standard input"},
    {"no-admin-password", 0,
     .help = "give 'cloudadmin' no password and disable password logins: keys only"},
    {"ssh-public-key", 0, "FILE", .help = "file of public keys that the user 'ansible' accepts",
     .many = true},
    {"new-ssh-key", 0, .help = "make a key in the home, instead of --ssh-public-key"},
    {"ssh-private-key", 0, "FILE",
     .help = "private key for ssh and Ansible; default: the one beside the public key, or "
             "ssh-agent"},
    {"user", 0, "NAME:KEYFILE",
     .help = "additional user in every guest, with the keys in that file", .many = true},
    NETWORK_OPTIONS,
    {"no-lab",
     .help = "with user networking: make no network \"lab\", in which each new instance gets a "
             "second card to reach the others by name"},
    {"dns-server", 0, "ADDRESS[:PORT]",
     .help = "DNS server that is updated with the names of instances, by nsupdate"},
    {"dns-zone", 0, "ZONE", .help = "DNS zone that holds the names, such as lab.example.org"},
    {"dns-key", 0, "FILE", .help = "TSIG key that signs the updates, as written by `tsig-keygen`"},
    {"ph-port", 0, "PORT|auto",
     .help = "port where guests fetch their seed and phone home; auto: another one when it is "
             "taken as a supervisor starts",
     .fallback = "10300"},
    CLOUD_CHOICE_OPTIONS,
    DEFINITION_REPORT_OPTION,
    OPTIONS_END,
};

static bool is_any_given(const struct invocation *invocation) {
    for (const struct option_spec *spec = options; spec->name; spec++)
        if (invocation_given(invocation, spec->name))
            return true;
    return false;
}

static void remark_interface(const struct cloud_options *made) {
    enum spec_network kind = network_bridged();
    if (made->network.kind)
        spec_network_from_word(made->network.kind, &kind);
    const char *remark = network_interface_remark(kind, made->network.interface);
    if (remark)
        printf("note: of %s: %s\n", made->network.interface, remark);
}

static bool check_keys(const struct invocation *invocation, struct error *error) {
    char *const *public_keys = invocation_values(invocation, "ssh-public-key");
    if (!*public_keys && !invocation_flag(invocation, "new-ssh-key"))
        return error_set(
            error, ERROR_USAGE,
            "\"cloud create\" needs the option --ssh-public-key FILE, or --new-ssh-key");
    for (char *const *each = public_keys; *each; each++)
        if (!invocation_check_file(*each, "public key", error))
            return false;
    return true;
}

static void tell_network(const char *interface) {
    const char *why, *word = network_settings_choice(interface, &why);
    if (why)
        fprintf(stderr, "network %s: %s\n", word, why);
}

struct lab {
    bool wanted;
    char *remark; /* why there is none */
};

/* With another network the guests reach each other already. */
static bool add_lab(struct store *store, const struct store_cloud *cloud, void *context,
                    struct error *error) {
    struct lab *lab = context;
    lab->wanted = lab->wanted && subnet_is_user(cloud);
    return !lab->wanted || home_network_add_lab(store, &lab->remark, error);
}

static void tell_lab(const struct invocation *invocation, const struct lab *lab) {
    if (lab->remark)
        fprintf(stderr, "note: %s\n", lab->remark);
    else if (lab->wanted && !invocation->quiet)
        puts("network lab: each new instance has a second card there, and reaches the others by "
             "name");
}

static bool create(const struct invocation *invocation, struct cloud_options *made,
                   struct error *error) {
    scoped(alloc_release) char *found = NULL;
    scoped(alloc_release) char *path = home_default_path(invocation->home_option);
    struct lab lab = {.wanted = !invocation_flag(invocation, "no-lab")};
    made->found = &found;
    made->follow = add_lab;
    made->context = &lab;
    if (!cloud_create(path, made, error)) {
        alloc_release(&lab.remark);
        return false;
    }
    printf("cloud \"%s\" created in %s\n", made->name, path);
    remark_interface(made);
    network_options_report(found);
    tell_lab(invocation, &lab);
    alloc_release(&lab.remark);
    if (!made->network.kind && !invocation->quiet)
        tell_network(made->network.interface);
    return true;
}

static void show_command(const struct invocation *invocation, const struct cloud_answers *answers) {
    struct own_command own;
    scoped(strv_done) struct strv words = {0};
    const char *const list[] = {
        "cloud",     "create", "-n", answers->name, answers->key ? "--ssh-public-key" : NULL,
        answers->key};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i])
            strv_push(&words, list[i]);
    if (!answers->key)
        strv_push(&words, "--new-ssh-key");
    if (!answers->password)
        strv_push(&words, "--no-admin-password");
    strv_push(&words, answers->kind ? "--network" : "--host-if");
    strv_push(&words, answers->kind ? answers->kind : answers->interface);
    if (own_command_init(&own, invocation, &(struct error){0})) {
        scoped(alloc_release) char *text = own_command_text(&own, &words);
        puts(text);
    }
    own_command_done(&own);
}

static bool create_as_answered(const struct invocation *invocation, struct error *error) {
    struct cloud_answers answers = {0};
    scoped(password_input_release) char *password = NULL;
    bool good = cloud_questions_ask(&answers, error) &&
                (!answers.password || password_input_read(invocation, &password, error));
    const char *const keys[] = {answers.key, NULL};
    struct cloud_options made = {
        .name = answers.name,
        .admin_password = password,
        .ssh_public_keys = answers.key ? keys : NULL,
        .new_ssh_key = !answers.key,
        .network = {.kind = answers.kind, .interface = answers.interface},
        .phone_home_port = invocation_option(invocation, "ph-port"),
    };
    if (good)
        show_command(invocation, &answers);
    good = good && create(invocation, &made, error);
    cloud_answers_done(&answers);
    return good;
}

static bool create_as_given(const struct invocation *invocation, struct error *error) {
    char *const *public_keys = invocation_values(invocation, "ssh-public-key");
    scoped(password_input_release) char *password = NULL;
    if (!check_keys(invocation, error) || !password_input_read(invocation, &password, error))
        return false;
    struct cloud_options made = {
        .name = invocation_option(invocation, "name"),
        .admin_password = password,
        .ssh_public_keys = *public_keys ? (const char *const *)public_keys : NULL,
        .new_ssh_key = invocation_flag(invocation, "new-ssh-key"),
        .ssh_private_key = invocation_option(invocation, "ssh-private-key"),
        .users = invocation_values(invocation, "user"),
        .network = network_options_read(invocation),
        .phone_home_port = invocation_option(invocation, "ph-port"),
        .dns = {.server = invocation_option(invocation, "dns-server"),
                .zone = invocation_option(invocation, "dns-zone"),
                .key = invocation_option(invocation, "dns-key")},
    };
    return cloud_choice_options_read(invocation, &made.choices, error) &&
           create(invocation, &made, error);
}

static int run_cloud_create(struct invocation *invocation, struct error *error) {
    bool asks = !is_any_given(invocation) && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    bool good = asks ? create_as_answered(invocation, error) : create_as_given(invocation, error);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command cmd_cloud_create = {
    .path = "cloud create",
    .summary = "Create a cloud home",
    .details = "Creates the folder given with `pgsup -p PATH` (default: $PGSUP_HOME, else "
               "~/var/pgsup), which holds images, instances and the settings below. Only the "
               "SHA-512 hash of the password is stored.\n"
               "\n"
               "Without --admin-password-file and --admin-password, pgsup asks for the password "
               "on the terminal, twice and without echo. With --no-admin-password there is none, "
               "and all accounts use keys.\n"
               "\n"
               "Without any option, on a terminal, it asks a few questions, and prints the "
               "command with the answers as options.\n"
               "\n"
               "Users given with --user may become root without a password, as 'ansible' may. A "
               "key file contains one key per line, as ~/.ssh/authorized_keys does.\n"
               "\n"
               "Guests on your own computer, reachable from outside by port forwards only:\n"
               "\n"
               "  pgsup cloud create -n lab --ssh-public-key ~/.ssh/id_ed25519.pub \\\n"
               "    --network user\n"
               "\n"
               "Guests on a VLAN of a Mac:\n"
               "\n"
               "  pgsup cloud create -n lab --ssh-public-key ~/.ssh/id_ed25519.pub \\\n"
               "    --host-if vlan1 --host-ip4 172.16.3.10 --host-nm4 255.255.255.0 \\\n"
               "    --host-gw4 172.16.3.1 --host-ns4 172.16.3.1",
    .options = options,
    .section = SECTION_CLOUD,
    .run = run_cloud_create,
    .report = definition_report_cloud,
};
