/* The IPv4 addresses of this host, and its way out of the network of one of its interfaces. Dotted
 * texts; "": there is none. */
#pragma once

#include <stdbool.h>

#define ADDRESS_SIZE 16

struct address {
    char interface[64];
    char ip4[ADDRESS_SIZE], mask[ADDRESS_SIZE];
    char gateway[ADDRESS_SIZE], nameserver[ADDRESS_SIZE];
};

/* The first one of an interface. */
bool address_of_interface(const char *interface, struct address *address);
/* The interface and mask of an address, without gateway and nameserver; false: this host has it
 * not. */
bool address_find(const char *ip4, struct address *address);
/* What a resolv.conf(5) names first, but for this host itself. Pure. */
void address_read_nameserver(const char *text, char nameserver[ADDRESS_SIZE]);
