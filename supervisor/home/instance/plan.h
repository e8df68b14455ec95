/* The last steps before a VM can run, shared by the creation of an instance and each of its
 * launches. */
#pragma once

#include "base/error.h"
#include "home/facts.h"
#include "home/generated.h"
#include "home/home.h"
#include "home/snapshot/suspension.h"
#include "machine/core/spec.h"

/* A launch made ready: documents and vm.sh written where the user has not changed them, seed drive
 * rebuilt when its documents changed, overlay present, forwarded port free, programs and firmware
 * found. Fills the spec; its strings live in the plan. */
struct instance_plan {
    struct spec spec;
    struct spec_forward *forwards; /* owned */
    struct spec_disk disks[SPEC_DISKS_MAX];
    char *folder;
    char **owned;                /* NULL-terminated list of strings the spec points to */
    char *notice;                /* of instance_plan_prepare(): what its user is to be told; NULL */
    struct suspension_wake wake; /* … the saved memory that it loads */
};
/* Takes the lock on the instance's folder, and ends what was interrupted there, for as long as it
 * works. The facts are as they were under the lock; the caller frees them, also after a failure. */
bool instance_plan_prepare(struct home *home, const char *name, struct instance_facts *facts,
                           struct instance_plan *plan, struct error *error);
void instance_plan_done(struct instance_plan *plan);

/* Writes the seed, Ansible's files and vm.sh, finds programs, and fills the plan. */
bool instance_plan_write(struct generated *generated, struct instance_plan *plan,
                         struct error *error);
