/* The identity of an instance: its numbers, names and secrets. */
#pragma once

#include "store/cloud_table.h"
#include "store/instance_table.h"

/* Replaces the instance-id only: cloud-init runs again on the same machine. */
void identity_new_id(struct store_instance *instance);

/* Replaces instance-id and seed path: the guest is a new machine to cloud-init. */
void identity_new(struct store_instance *instance);

/* Makes it another machine of this name: without numbers, secrets, addresses and its port for ssh.
 */
void identity_forget(struct store_instance *instance, const char *name);

/* That of the first card of the instance with this id; caller frees. */
char *identity_mac(const struct store_cloud *cloud, int64_t id);

/* Assigns token, UUID, instance-id and (if it has none) MAC address to an instance with a name
 * and an id. */
void identity_assign(const struct store_cloud *cloud, struct store_instance *instance);
