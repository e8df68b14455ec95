/* TCP ports of 127.0.0.1, to which user networking forwards. */
#pragma once

#include "store/instance_table.h"

#include <stdbool.h>
#include <stdint.h>

#define PORT_FIRST_FORWARD 10022

/* Nobody listens there now, and one may. False with errno: EADDRINUSE, or EACCES for a port that is
 * the system's. */
bool port_is_free(uint16_t port);

/* The port that was asked for (0: the first free one from PORT_FIRST_FORWARD), given that these
 * instances have theirs. 0 with a sentence when it is taken. */
uint16_t port_choose(uint16_t wanted, const struct store_instances *instances, struct error *error);
