/* The network of a cloud, which `cloud create` and `cloud set` take alike. */
#pragma once

#include "cli/invocation.h"
#include "home/cloud/network_settings.h"

/* clang-format off */
#define NETWORK_OPTIONS                                                                            \
    {"network", 0,                                                                                 \
     "user|bridge|tap|vmnet-bridged|vmnet-shared|vmnet-host|socket|vmnet-helper|vmnet-helper-host",\
     .help = "how guests are connected; in a new home bridged with --host-if, else user"},         \
    {"host-if", 0, "INTERFACE",                                                                    \
     .help = "host interface that guests are attached to; a bridge needs no other option, because " \
             "pgsup finds out the rest; with socket: path of the socket, default Homebrew's; "     \
             "vmnet-helper bridges only with this option"},                                                       \
    {"host-ip4", 0, "ADDRESS", .help = "address of this computer on that network"},                \
    {"host-nm4", 0, "NETMASK", .help = "netmask of that network"},                                 \
    {"host-gw4", 0, "ADDRESS", .help = "gateway of that network"},                                 \
    {"host-ns4", 0, "ADDRESS", .help = "nameserver of that network"}
/* clang-format on */

struct network_settings network_options_read(const struct invocation *invocation);
/* A line, of network_settings_apply(); NULL: nothing. */
void network_options_report(const char *found);
