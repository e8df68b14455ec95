/* The network interfaces of this computer: what one is, its router, and who was met on its
 * networks: one implementation per platform (interface_linux.c, interface_darwin.c). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Comma separated, for error messages; caller frees. */
char *interface_names(void);

/* What matters to guests that are bridged to it. */
enum interface_kind { INTERFACE_OTHER, INTERFACE_VLAN, INTERFACE_WIFI };
/* INTERFACE_OTHER as well when there is none of that name. */
enum interface_kind interface_find_kind(const char *name);

/* The router through which this interface reaches everything else; host byte order. False: it has
 * none, or the system does not tell. */
bool interface_gateway(const char *interface, uint32_t *ip4);

/* Who this host has talked to on its IPv4 networks: its ARP table. Entries that led nowhere are
 * left out. The list is the caller's to free; false without one: the system gave no answer within
 * INTERFACE_NEIGHBOURS_TIMEOUT_MS. */
#define INTERFACE_NEIGHBOURS_LIMIT      16384u
#define INTERFACE_NEIGHBOURS_TIMEOUT_MS 1000
struct interface_neighbour {
    uint32_t ip4; /* host byte order */
    uint8_t mac[6];
    int64_t confirmed; /* seconds, counted from anywhere: only differences mean something */
};
bool interface_neighbours(struct interface_neighbour **list, size_t *count);
