/* The definition of an instance as the command line shows it. Its seed token is a secret and is not
 * part of that. */
#pragma once

#include "home/home.h"
#include "store/disk_table.h"
#include "store/forward_table.h"
#include "store/instance_table.h"
#include "store/nic_table.h"

#include <jansson.h>

struct instance_output { /* what belongs to instances, read once for all that are shown */
    const struct home *home;
    struct store_disks disks;
    struct store_nics nics;
    struct store_forwards forwards;
};

/* id 0: of all instances. False: nothing to close. */
bool instance_output_open(const struct home *home, int64_t id, struct instance_output *output,
                          struct error *error);
json_t *instance_output_object(const struct instance_output *output,
                               const struct store_instance *instance);
void instance_output_close(struct instance_output *output);
