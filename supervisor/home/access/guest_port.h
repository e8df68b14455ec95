/* Whether the port of this host by which a guest is reached is its QEMU's. With user networking any
 * program of any user could listen there in the place of a VM that does not run, or does not
 * forward that port. Blocking, but short. */
#pragma once

#include "base/error.h"
#include "store/instance_table.h"

#include <stdbool.h>
#include <sys/types.h>

/* True also for a guest that has an address of its own. False with a sentence: another process
 * listens there, or nobody; or it cannot be told at the moment. */
bool guest_port_check(const struct store_instance *instance, pid_t qemu, struct error *error);
