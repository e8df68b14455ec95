#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/input/password_input.h"
#include "cli/invocation.h"
#include "home/cloud/cloud.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name of the cloud", .fallback = "pgsup"},
    {"admin-password", 0, "TEXT",
     .help = "password of the user 'cloudadmin'; others can see it in the list of processes"},
    {"admin-password-file", 0, "FILE",
     .help = "file whose first line is that password; - is the standard input"},
    {"no-admin-password", 0,
     .help = "'cloudadmin' has no password, and logins with one are off: by key only"},
    {"ssh-public-key", 0, "FILE", .help = "file of public keys that the user 'ansible' accepts",
     .required = true, .many = true},
    {"ssh-private-key", 0, "FILE",
     .help = "private key for ssh and Ansible; without it: the one beside the public key, or "
             "ssh-agent"},
    {"user", 0, "NAME:KEYFILE", .help = "one more user of every guest, with the keys in that file",
     .many = true},
    {"network", 0, "user|bridge|tap|vmnet-bridged|vmnet-shared|vmnet-host|socket|vmnet-helper",
     .help = "how guests reach the world; without it: bridged with --host-if, else user"},
    {"host-if", 0, "INTERFACE",
     .help = "interface of this computer that guests are put on; with socket: its path, "
             "without it Homebrew's; vmnet-helper bridges only with it"},
    {"host-ip4", 0, "ADDRESS", .help = "address of this computer on that network"},
    {"host-nm4", 0, "NETMASK", .help = "netmask of that network"},
    {"host-gw4", 0, "ADDRESS", .help = "gateway of that network"},
    {"host-ns4", 0, "ADDRESS", .help = "nameserver of that network"},
    {"dns-server", 0, "ADDRESS[:PORT]",
     .help = "DNS server that is told the names of instances, by nsupdate"},
    {"dns-zone", 0, "ZONE", .help = "its zone that they are in, like lab.example.org"},
    {"dns-key", 0, "FILE", .help = "TSIG key that signs that, as `tsig-keygen` writes it"},
    {"ph-port", 0, "PORT", .help = "port on which guests fetch their seed and phone home",
     .fallback = "10300"},
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
    if (!cloud_create(path, &made, error))
        return EXIT_FAILURE;
    printf("cloud \"%s\" made in %s\n", made.name, path);
    return EXIT_SUCCESS;
}

const struct command cmd_cloud_create = {
    .path = "cloud create",
    .summary = "Make a cloud home, once",
    .details =
        "Makes the folder given with `pgsup -p PATH` (default: $PGSUP_HOME, else ~/var/pgsup), "
        "where images, instances and the settings below are kept. Of the password only its "
        "SHA-512 hash is kept.\n"
        "\n"
        "Without --admin-password-file and --admin-password the password is asked for on the "
        "terminal, twice, without echo. With --no-admin-password there is none, and all accounts "
        "are reached by key.\n"
        "\n"
        "Users given with --user may become root without a password, as 'ansible' may. A file of "
        "keys holds one a line, as ~/.ssh/authorized_keys does.\n"
        "\n"
        "Guests on one's own computer, nothing but port forwards from outside:\n"
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
