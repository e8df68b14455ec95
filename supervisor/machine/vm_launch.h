/* How a launch of one VM begins and ends: a plan becomes a process, a process that was found is
 * adopted, and what is known of the end is recorded. */
#pragma once

#include "machine/vm_object.h"

/* plan is taken over; NULL with a reason: the launch failed. */
void vm_launch_prepared(struct vm *vm, struct vm_plan *plan, const struct error *error);
/* A process of this instance that runs unsupervised; plan is taken over. */
void vm_launch_adopt(struct vm *vm, struct vm_plan *plan);
