/* The instances of an mrmat-playground home as pgsup's, checked: rows of its database and what lies
 * in their folders. Reads only. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "home/home.h"
#include "store/cloud_table.h"
#include "store/image_table.h"
#include "store/instance_table.h"
#include "store/playground.h"

struct import_sources {
    const struct home *home;
    const struct playground *old;
    const struct store_cloud *cloud;
    const struct store_images *images;
};

/* Everything but what identity_assign() makes. A row whose folder is gone is left out, with a
 * note. */
bool import_instances_read(const struct import_sources *sources, struct store_instances *list,
                           struct strv *notes, struct error *error);
