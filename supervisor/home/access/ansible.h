/* The Ansible side of an instance: inventory.yaml, ansible.cfg, deploy.yaml, known_hosts in its
 * folder, and the collection pgsup.playground (role redirect_console) in the home. Files that a
 * person changed are kept. Host key checking stays on, against known_hosts. Blocking. */
#pragma once

#include "base/error.h"
#include "home/access/endpoint.h"
#include "home/generated.h"
#include "home/home.h"
#include "store/cloud_table.h"
#include "store/instance_table.h"

/* host_keys: as of known_hosts_keys(). */
bool ansible_write(struct generated *generated, const struct endpoint *endpoint,
                   const char *host_keys, struct error *error);

/* Writes the files again with the current name and address: all of them for an instance that has
 * been provisioned, else known_hosts alone where the guest was given its host keys. */
bool ansible_refresh(struct generated *generated, struct error *error);

/* ssh_common_args for this instance: what pgsup's own configuration of ssh says, and none of the
 * user's. Caller frees; NULL: error set. */
char *ansible_ssh_arguments(struct home *home, const struct store_cloud *cloud,
                            const struct store_instance *instance, struct error *error);
