/* The port of this host that is forwarded to a guest's SSH. One that no user chose is replaced when
 * another program has it: another home of the same host chooses from the same ports. */
#pragma once

#include "base/error.h"
#include "home/facts.h"
#include "home/home.h"

/* Before a launch: keeps the new port in the store and in the facts, and says so in notice (caller
 * frees; NULL: nothing was changed). */
bool ssh_port_renew(struct home *home, struct instance_facts *facts, char **notice,
                    struct error *error);
