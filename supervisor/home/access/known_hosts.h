/* The host keys that are trusted, for ssh and Ansible: INSTANCEDIR/known_hosts of one instance, and
 * PATH/known_hosts of all. Each key stands under the instance-id (what HostKeyAlias asks for) and
 * under the guest's address. Blocking. */
#pragma once

#include "base/error.h"
#include "home/access/endpoint.h"
#include "home/home.h"

/* "type base64" lines: those given to the guest, else those that it reported when it phoned
 * home; "" when none is known. Caller frees; NULL: error set. */
char *known_hosts_keys(struct home *home, const struct store_instance *instance,
                       struct error *error);

/* Both files. host_keys: as of known_hosts_keys(). */
bool known_hosts_write(struct home *home, const struct store_instance *instance,
                       const struct endpoint *endpoint, const char *host_keys, struct error *error);
/* Writes the file of all instances again, after one was removed. */
bool known_hosts_collect(struct home *home, struct error *error);
