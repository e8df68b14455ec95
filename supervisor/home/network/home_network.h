/* The networks that instances of a home share: a subnet, a domain, and what carries the frames.
 *
 * By default on Linux that is QEMU's own multicast on the loopback interface, so that no process
 * stands between the guests; on macOS it is a host network of vmnet through vmnet-helper, one
 * process for each card, which lives as long as its VM. A bridge that exists can be used as well.
 * Nothing is started when a network is created. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/cloud_table.h"
#include "store/network_table.h"

#define HOME_NETWORK_LAB "lab" /* what the network of a new home is called */

struct home_network_options { /* as given on the command line; NULL: default */
    const char *name;
    const char *kind;      /* "multicast", "pair", "bridge" or "vmnet-helper-host" */
    const char *interface; /* of a bridge */
    const char *subnet;    /* "10.77.0.0/24"; NULL: the first free one from 10.77.0.0/24 on, else of
                              172.29.0.0/16 and 192.168.0.0/16 */
    const char *domain;    /* NULL: NAME.internal */
    bool is_lab;           /* each new instance gets a card in it, with user networking */
};

/* Fills the network, checks it against this host, QEMU, the cloud and the other networks, and adds
 * its row, all in one transaction. */
bool home_network_create(struct home *home, const struct home_network_options *options,
                         struct store_network *made, struct error *error);
/* The same in the transaction of the caller. */
bool home_network_add(struct store *store, const struct home_network_options *options,
                      struct store_network *network, struct error *error);
/* The network "lab" of a new home, in which each new instance gets a card. Where there can be none,
 * remark says why; caller frees. */
bool home_network_add_lab(struct store *store, char **remark, struct error *error);
/* Whether the cloud's own network, as it would be, is apart from all of them. */
bool home_network_check_cloud(struct store *store, const struct store_cloud *cloud,
                              struct error *error);
/* What is to be known of this host before guests use the network; NULL: nothing. */
const char *home_network_remark(const struct store_network *network);
/* Fails while it has members. */
bool home_network_remove(struct home *home, const char *name, struct error *error);
