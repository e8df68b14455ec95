/* Who is in the networks of a home: addresses and names. An address is handed out once, when the
 * card is added, and is the card's until that is removed. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "store/network_table.h"
#include "store/nic_table.h"

/* The cards in the network, by instance. */
bool members_list(struct store *store, int64_t network, struct store_nics *members,
                  struct error *error);
/* Checks the address that a card asks for ("10.77.0.5", with or without the prefix length), or
 * chooses the lowest that is free; ip4 becomes "10.77.0.5/24". The network's first address is kept
 * for this host. In a pair its interface becomes one of the two sockets, "pair-5f3a90c1.0" or
 * "….1", which is the card's for its life; it keeps the one that it names, if that is free. Runs in
 * the transaction that adds the card. */
bool members_give_place(struct store *store, struct store_nic *nic, struct error *error);
/* The other one of a pair's two sockets; caller frees. */
char *members_pair_other(const char *interface);

/* Whether there is a place for one card more. */
bool members_has_room(struct store *store, const struct store_network *network, bool *has_room,
                      struct error *error);

/* The lines of hosts(5) for all that are in a network with the instance, itself included, each with
 * NAME.DOMAIN and NAME; empty if it is in none. The network of the cloud is one of them where
 * guests reach each other there: with the static addresses, and the others as far as they are
 * known; its domain is the DNS zone, else the cloud's name and ".internal". */
bool members_hosts(struct store *store, int64_t instance, struct buffer *lines,
                   struct error *error);
