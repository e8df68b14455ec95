/* The seed of one instance on disk: INSTANCEDIR/cloud-init/ with its four documents, and the drive
 * cloud-init.img made from them. A document that its user changed is kept, and is what counts. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/cloud_table.h"
#include "store/instance_table.h"

bool seed_write(struct home *home, const struct store_cloud *cloud,
                const struct store_instance *instance, struct error *error);

/* "http://H:P/seed/TOKEN/" as the guest reaches it; NULL when the host's address is not known.
 * Caller frees. */
char *seed_url(const struct store_cloud *cloud, const struct store_instance *instance);

/* INSTANCEDIR/cloud-init.img; caller frees. */
char *seed_image_path(const struct home *home, const struct store_instance *instance);
