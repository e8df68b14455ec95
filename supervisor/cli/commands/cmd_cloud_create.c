#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/input/cloud_choice_options.h"
#include "cli/input/password_input.h"
#include "cli/invocation.h"
#include "home/cloud/cloud.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name of the cloud", .fallback = "pgsup"},
    {"admin-password", 0, "TEXT",
     .help = "password of the user 'cloudadmin'; visible to others in the process list"},
    {"admin-password-file", 0, "FILE",
     .help = "file whose first line is that password; -: standard input"},
    {"no-admin-password", 0,
     .help = "give 'cloudadmin' no password and disable password logins: keys only"},
    {"ssh-public-key", 0, "FILE", .help = "file of public keys that the user 'ansible' accepts",
     .required = true, .many = true},
    {"ssh-private-key", 0, "FILE",
     .help = "private key for ssh and Ansible; default: the one beside the public key, or "
             "ssh-agent"},
    {"user", 0, "NAME:KEYFILE",
     .help = "additional user in every guest, with the keys in that file", .many = true},
    {"network", 0,
     "user|bridge|tap|vmnet-bridged|vmnet-shared|vmnet-host|socket|vmnet-helper|vmnet-helper-host",
     .help = "how guests are connected; default: bridged with --host-if, else user"},
    {"host-if", 0, "INTERFACE",
     .help = "host interface that guests are attached to; with socket: path of the socket, "
             "default Homebrew's; vmnet-helper bridges only if it is given"},
    {"host-ip4", 0, "ADDRESS", .help = "address of this computer on that network"},
    {"host-nm4", 0, "NETMASK", .help = "netmask of that network"},
    {"host-gw4", 0, "ADDRESS", .help = "gateway of that network"},
    {"host-ns4", 0, "ADDRESS", .help = "nameserver of that network"},
    {"dns-server", 0, "ADDRESS[:PORT]",
     .help = "DNS server that is updated with the names of instances, by nsupdate"},
    {"dns-zone", 0, "ZONE", .help = "DNS zone that holds the names, such as lab.example.org"},
    {"dns-key", 0, "FILE", .help = "TSIG key that signs the updates, as written by `tsig-keygen`"},
    {"ph-port", 0, "PORT|auto",
     .help = "port where guests fetch their seed and phone home; auto: another one when it is "
             "taken as a supervisor starts",
     .fallback = "10300"},
    CLOUD_CHOICE_OPTIONS,
    OPTIONS_END,
};

static int run_cloud_create(struct invocation *invocation, struct error *error) {
    char *const *public_keys = invocation_values(invocation, "ssh-public-key");
    for (char *const *each = public_keys; *each; each++)
        if (!invocation_check_file(*each, "public key", error))
            return EXIT_FAILURE;
    scoped(password_input_release) char *password = NULL;
    if (!password_input_read(invocation, &password, error))
        return EXIT_FAILURE;
    scoped(alloc_release) char *path = home_default_path(invocation->home_option);
    struct cloud_options made = {
        .name = invocation_option(invocation, "name"),
        .admin_password = password,
        .ssh_public_keys = (const char *const *)public_keys,
        .ssh_private_key = invocation_option(invocation, "ssh-private-key"),
        .users = invocation_values(invocation, "user"),
        .network = invocation_option(invocation, "network"),
        .interface = invocation_option(invocation, "host-if"),
        .host_ip4 = invocation_option(invocation, "host-ip4"),
        .host_nm4 = invocation_option(invocation, "host-nm4"),
        .host_gw4 = invocation_option(invocation, "host-gw4"),
        .host_ns4 = invocation_option(invocation, "host-ns4"),
        .phone_home_port = invocation_option(invocation, "ph-port"),
        .dns = {.server = invocation_option(invocation, "dns-server"),
                .zone = invocation_option(invocation, "dns-zone"),
                .key = invocation_option(invocation, "dns-key")},
    };
    if (!cloud_choice_options_read(invocation, &made.choices, error) ||
        !cloud_create(path, &made, error))
        return EXIT_FAILURE;
    printf("cloud \"%s\" created in %s\n", made.name, path);
    return EXIT_SUCCESS;
}

const struct command cmd_cloud_create = {
    .path = "cloud create",
    .summary = "Create a cloud home",
    .details = "Creates the folder given with `pgsup -p PATH` (default: $PGSUP_HOME, else "
               "~/var/pgsup), which holds images, instances and the settings below. Only the "
               "SHA-512 hash of the password is stored.\n"
               "\n"
               "Without --admin-password-file and --admin-password, pgsup asks for the "
               "password on the terminal, twice and without echo. With --no-admin-password "
               "there is none, and all accounts use keys.\n"
               "\n"
               "Users given with --user may become root without a password, as 'ansible' "
               "may. A key file contains one key per line, as ~/.ssh/authorized_keys does.\n"
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
};
