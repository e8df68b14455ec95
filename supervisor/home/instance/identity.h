/* What tells an instance from all others: its numbers, names and secrets. */
#pragma once

#include "store/cloud_table.h"
#include "store/instance_table.h"

/* Another instance-id only: the same machine, on which cloud-init begins anew. */
void identity_new_id(struct store_instance *instance);

/* Another instance-id and seed path, so that its guest is a new machine to cloud-init. */
void identity_new(struct store_instance *instance);

/* Token, UUID, instance-id and (if it has none) MAC address of an instance with a name and an id.
 */
void identity_assign(const struct store_cloud *cloud, struct store_instance *instance);
