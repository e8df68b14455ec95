/* The additional network cards of an instance. Its first card is in the network of the cloud. */
#pragma once

#include "store/store.h"

#include <stddef.h>

struct store_nic {
    int64_t instance;
    char *name;         /* of the instance, joined */
    int position;       /* of its slot: 1, 2, …; never changes */
    char *kind;         /* machine/core/spec.h: spec_network_word() */
    char *interface;    /* of the host, or the path of a socket; NULL: none */
    char *mac;          /* lower case */
    char *ip4;          /* "10.0.0.5/24"; NULL: DHCP */
    int64_t network;    /* network_table.h: the one that it is a member of; 0: none */
    char *network_name; /* joined */
};
struct store_nics {
    struct store_nic *items;
    size_t count;
};

/* Lists those of one instance, or of all (0), by instance and position. */
bool nic_table_list(struct store *store, int64_t instance, struct store_nics *nics,
                    struct error *error);
bool nic_table_add(struct store *store, const struct store_nic *nic, struct error *error);
bool nic_table_remove(struct store *store, int64_t instance, int position, struct error *error);
void store_nic_done(struct store_nic *nic);
void store_nics_done(struct store_nics *nics);
