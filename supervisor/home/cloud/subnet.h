/* The IPv4 network that the guests of a cloud are in, as its settings tell. Pure. */
#pragma once

#include "base/error.h"
#include "store/cloud_table.h"

#include <stdbool.h>
#include <stdint.h>

/* What QEMU's user networking gives its guests (docs/system/devices/net.rst). */
#define SUBNET_USER_GATEWAY    "10.0.2.2" /* also the host, as the guest sees it */
#define SUBNET_USER_NAMESERVER "10.0.2.3"

struct subnet {
    uint32_t network, mask;
    unsigned prefix_length;
};

bool subnet_is_user(const struct store_cloud *cloud);
/* False when the cloud has no host address and netmask: the subnet of its guests is not known. */
bool subnet_of_cloud(const struct store_cloud *cloud, struct subnet *subnet);
bool subnet_of_host(const char *address, const char *netmask, struct subnet *subnet,
                    struct error *error);

/* "10.1.0.5/24", or the network itself. */
bool subnet_of_address(const char *text, struct subnet *subnet);
/* "10.1.0.0/24"; caller frees. */
char *subnet_text(const struct subnet *subnet);

/* Checks an address for one machine in this network. what: "--host-gw4", for the sentence. */
bool subnet_check_member(const struct subnet *subnet, const char *what, const char *text,
                         struct error *error);
/* The same, and not an address that the network itself uses. */
bool subnet_check_guest(const struct store_cloud *cloud, const char *text, struct error *error);
/* An address of one other machine: not loopback, link-local or multicast. */
bool subnet_check_machine(const char *what, const char *text, struct error *error);
bool subnet_overlaps(const struct subnet *one, const struct subnet *other);

/* How guests reach the host and the world; NULL: not known. */
const char *subnet_host_address(const struct store_cloud *cloud);
const char *subnet_gateway(const struct store_cloud *cloud);
const char *subnet_nameserver(const struct store_cloud *cloud);
