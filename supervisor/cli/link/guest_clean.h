/* Runs `cloud-init clean` in a guest that trusts the cache of its cloud-init, so that cloud-init
 * runs again. */
#pragma once

#include "cli/invocation.h"
#include "home/running.h"
#include "store/instance_table.h"

/* A guest with user-data made for HTTP does (cloudinit/document.h: keep_cache), and keeps on doing
 * so when it is seeded in another way. */
bool guest_clean_is_needed(const struct invocation *invocation,
                           const struct store_instance *instance, bool *due, struct error *error);
/* By ssh, else by the guest agent. If the guest does not run, prints what to do. */
bool guest_clean(const struct invocation *invocation, const struct store_instance *instance,
                 const struct running *running, struct error *error);
