#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/input/document_options.h"
#include "cli/input/image_choice.h"
#include "cli/invocation.h"
#include "home/change/create.h"
#include "home/instance/definition.h"
#include "home/instance/host_limits.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name of the instance and host name of its guest"},
    {"os", 0, "IMAGE", .help = "image that its disk is based on", .fallback = "ubuntu-jammy",
     .also = "image i"},
    {"vcpu", 0, "NUMBER", .help = "virtual processors", .fallback = "2", .also = "cpus cpu c"},
    {"ram", 0, "SIZE",
     .help = "memory, in MiB or with a unit; default: 2048, or what the image needs",
     .also = "memory mem m"},
    {"size", 's', "SIZE", .help = "size of its disk; default: 5G, or what the image needs",
     .also = "disk disk-size d"},
    {"ip", 0, "ADDRESS", .help = "static IPv4 address; default: DHCP"},
    {"package-upgrade",
     .help =
         "upgrade the guest's packages at the first boot; default: as `cloud create` and `cloud "
         "set` say"},
    {"no-package-upgrade", .help = "do not upgrade them"},
    {"seed", 0, "http|drive|both",
     .help = "how the guest gets its cloud-init seed; both: name and network from the "
             "drive, the rest over HTTP; default: drive for a static address and with "
             "--network-config, else http if the image supports it"},
    {"host-keys", 0, "preseed|guest",
     .help = "who creates the guest's SSH host keys: pgsup, so that they are known before "
             "the first contact, or the guest, which reports them when it phones home; "
             "default: preseed if the seed is on the drive, else guest"},
    {"ssh-port", 0, "PORT",
     .help = "with user networking: port of 127.0.0.1 that is forwarded to the guest's "
             "SSH; default: the first free one from 10022, replaced at a start if it is taken"},
    {"forward", 0, "[ADDRESS:]HOST:GUEST[/udp]",
     .help = "with user networking: port of this host that is forwarded to a port of the "
             "guest; see `pgsup help forward`",
     .many = true},
    {"nic", 0, "KIND[,if=NAME][,ip=ADDRESS/PREFIX][,mac=MAC]",
     .help = "additional network card, of a kind that `cloud create --network` accepts; "
             "without ip: DHCP",
     .many = true},
    {.name = "user-data",
     .value = "FILE",
     .help = "your own user-data, of any kind that cloud-init accepts; pgsup adds its own "
             "to it"},
    {.name = "vendor-data", .value = "FILE", .help = "your own vendor-data"},
    {.name = "network-config",
     .value = "FILE",
     .help = "your own network-config, which replaces pgsup's"},
    {"accel", 0, "hvf|kvm|tcg",
     .help = "accelerator; default: the best one that works, chosen at each start"},
    {"nested",
     .help = "let its guest run virtual machines of its own; where this computer cannot, that is "
             "said: `pgsup help mac`"},
    {"restart", 0, "no|on-failure|always",
     .help = "when the supervisor restarts it after it has ended", .fallback = "no"},
    {"autostart", .help = "start it when a supervisor starts"},
    {"after", 0, "NAME", .help = "autostart it only when this instance is ready"},
    {"group", 0, "NAME[,NAME...]", .help = "group of Ansible's inventory that it is in",
     .many = true},
    {"var", 0, "NAME=VALUE", .help = "variable that Ansible has for it", .many = true},
    {"no-provision",
     .help = "do not run deploy.yaml after the first boot, but when `pgsup provision` asks for it"},
    OPTIONS_END,
};

static bool read_packages(const struct invocation *invocation, enum instance_packages *packages,
                          struct error *error) {
    bool on = invocation_flag(invocation, "package-upgrade");
    bool off = invocation_flag(invocation, "no-package-upgrade");
    if (on && off)
        return error_set(error, ERROR_USAGE, "--no-package-upgrade excludes --package-upgrade");
    *packages = on    ? INSTANCE_PACKAGES_UPGRADE
                : off ? INSTANCE_PACKAGES_KEEP
                      : INSTANCE_PACKAGES_AS_CLOUD;
    return true;
}

static int run_instance_create(struct invocation *invocation, struct error *error) {
    const char *name = invocation_name(invocation, "instance", error);
    if (!name)
        return EXIT_FAILURE;
    struct user_documents own = {0};
    struct instance_create_options wanted = {
        .name = name,
        .own = &own,
        .image = invocation_option(invocation, "os"),
        .vcpu = invocation_option(invocation, "vcpu"),
        .ram = invocation_option(invocation, "ram"),
        .disk = invocation_option(invocation, "size"),
        .ip4 = invocation_option(invocation, "ip"),
        .ssh_port = invocation_option(invocation, "ssh-port"),
        .seed = invocation_option(invocation, "seed"),
        .forwards = invocation_values(invocation, "forward"),
        .nics = invocation_values(invocation, "nic"),
        .host_keys = invocation_option(invocation, "host-keys"),
        .accel = invocation_option(invocation, "accel"),
        .nested = invocation_flag(invocation, "nested"),
        .startup = {.restart = invocation_option(invocation, "restart"),
                    .after = invocation_option(invocation, "after"),
                    .autostart = invocation_flag(invocation, "autostart")
                                     ? STARTUP_AUTOSTART_ON
                                     : STARTUP_AUTOSTART_AS_IT_IS},
        .ansible = {.groups = invocation_values(invocation, "group"),
                    .variables = invocation_values(invocation, "var"),
                    .playbook = invocation_flag(invocation, "no-provision")
                                    ? ANSIBLE_PLAYBOOK_HELD
                                    : ANSIBLE_PLAYBOOK_RUNS},
    };
    struct store_instance created = {0};
    bool good = read_packages(invocation, &wanted.packages, error) &&
                image_choice_check(invocation->home, wanted.image, error) &&
                document_options_read(invocation, &own, error) &&
                instance_create(invocation->home, &wanted, &created, error);
    user_documents_done(&own);
    if (!good)
        return EXIT_FAILURE;
    scoped(alloc_release) char *folder = home_instance_folder(invocation->home, created.name);
    printf("instance \"%s\" created in %s\n", created.name, folder);
    document_options_remark(invocation, &created);
    invocation_notes(host_limits_remarks(invocation->home, created.name));
    store_instance_done(&created);
    return EXIT_SUCCESS;
}

const struct command cmd_instance_create = {
    .path = "instance create",
    .brief = "create",
    .summary = "Define a virtual machine",
    .arguments = "[NAME]",
    .details = "Creates the instance's folder with its disk, its cloud-init documents and "
               "vm.sh, a script that boots it without pgsup. It does not start the instance: "
               "see `pgsup help start`.\n"
               "\n"
               "  pgsup instance create -n test --os debian-12 --ram 1024 -s 10G\n"
               "  pgsup instance create -n web --forward 8080:80 --nic bridge,if=br1\n"
               "  pgsup instance create -n db --ip 172.16.3.7 --seed both --user-data "
               "db.yaml\n"
               "  pgsup instance create -n web --group web,lab --var role=first",
    .options = options,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_instance_create,
};
