/* The steps for the networks of a lab file: one that is missing is created, one that exists must be
 * as the file says. Inside a transaction that is rolled back. */
#pragma once

#include "home/lab/lab_plan.h"
#include "home/network/home_network.h"

bool lab_plan_network(struct home *home, const struct lab *lab, size_t index, struct lab_plan *plan,
                      struct error *error);
/* As the command that creates it takes them; borrowed from the lab. */
struct home_network_options lab_plan_network_options(const struct lab *lab,
                                                     const struct lab_entry *network);
