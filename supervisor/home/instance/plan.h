/* What a VM of an instance is made of, from the rows of the instance and what this host has; shared
 * by the creation of an instance, its changes, and each of its launches. */
#pragma once

#include "base/error.h"
#include "home/generated.h"
#include "home/home.h"
#include "home/snapshot/suspension.h"
#include "machine/core/spec.h"

struct instance_plan {
    struct spec spec;
    struct spec_forward *forwards; /* owned */
    struct spec_disk disks[SPEC_DISKS_MAX];
    char *folder;
    char **owned;                /* NULL-terminated list of strings the spec points to */
    char *notice;                /* of instance_prepare(): what its user is to be told; NULL */
    struct suspension_wake wake; /* … the saved memory that it loads */
};

/* Finds programs and firmware, fills the plan, and writes the seed, Ansible's files and vm.sh where
 * the user has not changed them. */
bool instance_plan_write(struct generated *generated, struct instance_plan *plan,
                         struct error *error);
void instance_plan_done(struct instance_plan *plan);
