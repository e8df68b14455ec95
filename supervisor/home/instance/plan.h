/* The last steps before a VM can run, shared by the making of an instance and its every launch. */
#pragma once

#include "home/change/create.h"
#include "store/disk_table.h"
#include "store/forward_table.h"
#include "store/image_table.h"
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

char *instance_disk_path(const struct home *home, const struct store_instance *instance);

/* Writes the seed and vm.sh, finds programs, and fills the plan. */
bool instance_plan_write(struct home *home, const struct instance_facts *facts,
                         struct instance_plan *plan, struct error *error);
