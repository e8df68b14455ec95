/* Instances on disk: INSTANCEDIR = PATH/instances/NAME with os.qcow2, cloud-init/, cloud-init.img,
 * vm.sh. Creation is all or nothing; removal leaves no row and no file. */
#pragma once

#include "base/error.h"
#include "home/change/instance_stage.h"
#include "home/home.h"
#include "home/instance/definition.h"
#include "machine/core/spec.h"
#include "store/cloud_table.h"
#include "store/instance_table.h"

#define CREATE_DEFAULT_IMAGE "ubuntu-jammy"

/* In the transaction of the caller, who rolls it back: fails as instance_create() would, as far as
 * the store tells. The row is there until then, so that others are checked against it. */
bool instance_create_rehearse(struct home *home, const struct instance_create_options *options,
                              struct error *error);
/* One whose disk and keys are made while the caller goes on: begin, fill in any thread, which
 * touches no store, and end, which gives it its row. end also releases one that was not filled. The
 * options are borrowed until then. A begin that failed needs no end. */
struct instance_creation {
    struct instance_stage stage;
    const struct instance_create_options *options;
    bool filled;
};
bool instance_create_begin(struct home *home, const struct instance_create_options *options,
                           struct instance_creation *creation, struct error *error);
bool instance_create_fill(struct instance_creation *creation, struct error *error);
/* made: NULL: not wanted. */
bool instance_create_end(struct instance_creation *creation, struct store_instance *made,
                         struct error *error);
bool instance_create(struct home *home, const struct instance_create_options *options,
                     struct store_instance *made, struct error *error);
