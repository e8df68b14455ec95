/* Rows of options: what `instance create` takes beside name and image, and `launch` hands on to it;
 * included inside of an array of them. */
#pragma once

/* clang-format off */
    {"vcpu", 0, "NUMBER", .help = "virtual processors", .fallback = "2", .also = "cpus cpu c"},
    {"ram", 0, "SIZE",
     .help = "memory, in MiB or with a unit; default: 2048, or what the image needs",
     .also = "memory mem m"},
    {"size", 's', "SIZE", .help = "size of its disk; default: 5G, or what the image needs",
     .also = "disk disk-size d"},
    {"ip", 0, "ADDRESS", .help = "static IPv4 address; default: DHCP"},
    {"package-upgrade",
     .help =
         "upgrade the guest's packages at the first boot; default: the setting of the "
         "cloud"},
    {"no-package-upgrade", .help = "do not upgrade them"},
    {"seed", 0, "http|drive|both",
     .help = "how the guest gets its cloud-init seed; both: name and network from the "
             "drive, the rest over HTTP; default: drive, which also gives it its host keys"},
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
     .help = "additional network card, of a kind that `cloud create --network` accepts "
             "(without ip: DHCP), or NETWORK[,ip=ADDRESS], one of `pgsup network list`, "
             "which gives it an address",
     .many = true},
    {"no-lab",
     .help = "leave out the card in the network that each new instance of this home is in (`pgsup "
             "cloud get`: lab)"},
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
     .help = "let its guest run virtual machines of its own; refused where this computer cannot: "
             "`pgsup help mac`"},
    {"restart", 0, "no|on-failure|always",
     .help = "when the supervisor restarts it after it has ended", .fallback = "no"},
    {"autostart", .help = "start it when a supervisor starts"},
    {"after", 0, "NAME", .help = "autostart it only when this instance is ready"},
    {"group", 0, "NAME[,NAME...]", .help = "group of Ansible's inventory that it is in",
     .many = true},
    {"var", 0, "NAME=VALUE", .help = "variable that Ansible has for it", .many = true},
    {"no-provision",
     .help = "do not run deploy.yaml after the first boot, but only by `pgsup provision`"},
    /* clang-format on */
