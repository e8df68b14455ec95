/* Which instance owns which port of this host, from which user networking forwards to guests. */
#pragma once

#include "base/error.h"
#include "host/port.h"
#include "store/forward_table.h"
#include "store/instance_table.h"

#include <stdbool.h>
#include <stdint.h>

#define PORT_FIRST_FORWARD 10022

/* The instances that have ports (instance_table_list_brief()), and what else is forwarded. */
struct port_owners {
    const struct store *store; /* borrowed: what is claimed there is not chosen */
    struct store_instances instances;
    struct store_forwards forwards;
    uint16_t phone_home_port; /* of the cloud */
};
bool port_owners_list(struct store *store, struct port_owners *owners, struct error *error);
/* Adds a forward that was reserved after the owners were listed. */
void port_owners_add(struct port_owners *owners, const struct store_forward *forward);
void port_owners_done(struct port_owners *owners);

/* Fails when another instance owns the port or a program uses it. */
bool port_owners_check(const struct port *port, const struct port_owners *owners,
                       struct error *error);

/* The port of 127.0.0.1 that was asked for, or with 0 the first free one from PORT_FIRST_FORWARD.
 * 0 with a sentence when it is taken. */
uint16_t port_owners_choose(uint16_t wanted, const struct port_owners *owners, struct error *error);
