/* Instances on disk: INSTANCEDIR = PATH/instances/NAME with os.qcow2, cloud-init/, cloud-init.img,
 * vm.sh. Creation is all or nothing; removal leaves no row and no file. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/instance/definition.h"
#include "machine/core/spec.h"
#include "store/cloud_table.h"
#include "store/instance_table.h"

/* In the transaction of the caller, who rolls it back: fails as instance_create() would, as far as
 * the store tells. The row is there until then, so that others are checked against it. */
bool instance_create_rehearse(struct home *home, const struct instance_create_options *options,
                              struct error *error);
bool instance_create(struct home *home, const struct instance_create_options *options,
                     struct store_instance *made, struct error *error);
