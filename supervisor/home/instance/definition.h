/* From what was asked for to the definition of a new instance. */
#pragma once

#include "home/change/create.h"
#include "store/image_table.h"

/* The part that depends on nothing else that is being made: names, numbers, sizes, the address.
 * Fills the instance; ssh_port is 0 when none was asked for. */
bool definition_check(const struct instance_options *options, const struct store_cloud *cloud,
                      const struct store_image *image, struct store_instance *instance,
                      struct error *error);

/* The part that must be unique: name, address, port, id and what is made from it. Inside the
 * transaction that adds the row. */
bool definition_claim(struct store *store, const struct store_cloud *cloud,
                      struct store_instance *instance, struct error *error);

/* "5G": whole sectors, at least one, at most what QEMU takes. */
bool definition_parse_disk(const char *text, uint64_t *bytes, struct error *error);

/* Another instance-id only: the same machine, on which cloud-init begins anew. */
void definition_renew_id(struct store_instance *instance);

/* Another instance-id and seed path, so that its guest is a new machine to cloud-init. */
void definition_renew(struct store_instance *instance);

/* Of an instance in the store, what is asked for; "" takes an address or an accelerator away. Name,
 * image and disk are left alone. */
bool definition_change(const struct instance_options *options, const struct store_cloud *cloud,
                       const struct store_image *image, struct store_instance *instance,
                       struct error *error);
/* Nobody has this port of 127.0.0.1, neither an instance nor another program. */
bool definition_check_port(struct store *store, uint16_t port, struct error *error);
/* Nobody else has its static address. */
bool definition_check_address(struct store *store, const struct store_cloud *cloud,
                              const struct store_instance *instance, struct error *error);

bool definition_check_free(struct store *store, const char *name, struct error *error);

/* Token, UUID, instance-id and (if it has none) MAC address of an instance with a name and an id.
 */
void definition_identify(const struct store_cloud *cloud, struct store_instance *instance);
