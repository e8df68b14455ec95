/* The Ansible side of an instance: inventory.yaml, ansible.cfg, deploy.yaml, known_hosts in its
 * folder, and the collection pgsup.playground (role redirect_console) in the home. Files that a
 * person changed are kept. Host key checking stays on, against known_hosts. Blocking. */
#pragma once

#include "base/error.h"
#include "home/access/endpoint.h"
#include "home/generated.h"
#include "home/home.h"
#include "store/cloud_table.h"

/* host_keys: as of known_hosts_keys(). */
bool ansible_write(struct generated *generated, const struct endpoint *endpoint,
                   const char *host_keys, struct error *error);

/* Writes the files again with the current name and address: all of them for an instance that has
 * been provisioned, else known_hosts alone where the guest was given its host keys. */
bool ansible_refresh(struct generated *generated, struct error *error);

/* The private key that was given, else the one beside the cloud's public key; caller frees; NULL:
 * none (ssh then asks its agent). */
char *ansible_private_key(const struct store_cloud *cloud);

/* ssh_common_args for this instance: its keys only, always checked. Caller frees. */
char *ansible_ssh_arguments(const struct home *home, const struct store_instance *instance);
