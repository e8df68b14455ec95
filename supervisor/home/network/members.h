/* Who is in the networks of a home: addresses and names. An address is handed out once, when the
 * card is added, and is the card's until that is removed. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "store/nic_table.h"

/* The cards in the network, by instance. */
bool members_list(struct store *store, int64_t network, struct store_nics *members,
                  struct error *error);
/* Checks the address that a card asks for ("10.77.0.5", with or without the prefix length), or
 * chooses the lowest that is free; ip4 becomes "10.77.0.5/24". The network's first address is kept
 * for this host. Runs in the transaction that adds the card. */
bool members_give_address(struct store *store, const char *network, char **ip4,
                          struct error *error);

/* The lines of hosts(5) for all that are in a network with the instance, itself included, each with
 * NAME.DOMAIN and NAME; empty if it is in none. */
bool members_hosts(struct store *store, int64_t instance, struct buffer *lines,
                   struct error *error);
