/* An instance that does not run, held so while a command changes what only then may be changed. */
#pragma once

#include "cli/invocation.h"
#include "home/running.h"
#include "store/instance_table.h"

/* What runs of it; one that the supervisor is about to start has a state and no process yet: then
 * running has a name and no pid. */
bool idle_look(const struct invocation *invocation, const struct store_instance *instance,
               struct running *running, struct error *error);

/* Fills the instance, locks its folder against starts, and makes sure that it does not run. The
 * caller closes lock with file_release() whether it succeeds or not. */
bool idle_claim(const struct invocation *invocation, const char *name,
                struct store_instance *instance, int *lock, struct error *error);
