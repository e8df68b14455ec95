/* What a lab file asks for by name: subnets, addresses of cards, ports of this host. It is claimed
 * while the file is planned and carried out, so that what is drawn for an instance is nothing that
 * a later one asks for. */
#pragma once

#include "home/lab/lab.h"
#include "store/store.h"

/* What makes no sense is left out: it is refused where it is used. */
void lab_claims_make(const struct lab *lab, struct store *store);
void lab_claims_end(struct store *store);
