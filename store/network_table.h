/* The networks that instances of a home share (home/network/). Their members are the cards that
 * name them: nic_table.h. */
#pragma once

#include "store/nic_table.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

struct store_network {
    int64_t id;
    char *name;
    char *kind;      /* machine/core/spec.h: spec_network_word() */
    char *interface; /* what its cards are attached to; NULL: nothing */
    char *subnet;    /* "10.77.0.0/24" */
    char *domain;    /* of the names of its members */
    int64_t created_ms;
    bool is_lab; /* each new instance gets a card in it; one at most */
};
struct store_networks {
    struct store_network *items;
    size_t count;
};

/* By name. */
bool network_table_list(struct store *store, struct store_networks *networks, struct error *error);
bool network_table_get(struct store *store, const char *name, struct store_network *network,
                       struct error *error);
bool network_table_add(struct store *store, const struct store_network *network,
                       struct error *error);
bool network_table_remove(struct store *store, int64_t id, struct error *error);
/* The one that is the lab; id 0: none is. */
bool network_table_get_lab(struct store *store, struct store_network *network, struct error *error);
/* name: of the one that is the lab from now on; NULL: none is. */
bool network_table_set_lab(struct store *store, const char *name, struct error *error);
/* Those whose address in the network of the cloud is known, by name: instance, name, and ip4
 * without a prefix length. */
bool network_table_cloud_members(struct store *store, struct store_nics *members,
                                 struct error *error);
/* Grows whenever a member of a network, the cloud's own included, or its name, comes, changes or
 * goes. */
bool network_table_revision(struct store *store, int64_t *revision, struct error *error);
void store_network_done(struct store_network *network);
void store_networks_done(struct store_networks *networks);
