/* What a lab file asks for by name: subnets, addresses of cards, ports of this host. It is claimed
 * while the file is planned and carried out, so that what is drawn for an instance is nothing that
 * a later one asks for. */
#pragma once

#include "home/lab/lab.h"
#include "host/port.h"
#include "store/nic_table.h"

/* What makes no sense is left out: it is refused where it is used. */
void lab_claims_make(const struct lab *lab, struct store *store);
void lab_claims_end(struct store *store);

/* Whether the instance asks for the card's address in its network, for any place in it if that is a
 * pair, or for its MAC address. */
bool lab_claims_card(const struct lab_instance *instance, const struct store_nic *nic);
/* At any address of this host. */
bool lab_claims_port(const struct lab_instance *instance, const struct port *port);
