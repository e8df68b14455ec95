/* All rows of one instance, loaded once and handed down. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/cloud_table.h"
#include "store/disk_table.h"
#include "store/forward_table.h"
#include "store/image_table.h"
#include "store/instance_table.h"
#include "store/nic_table.h"

struct instance_facts {
    struct store_cloud cloud;
    struct store_image image;
    struct store_instance instance;
    struct store_forwards forwards;
    struct store_disks disks;
    struct store_nics nics; /* beside the first one */
};
bool instance_facts_load(struct home *home, const char *name, struct instance_facts *facts,
                         struct error *error);
void instance_facts_done(struct instance_facts *facts);
