/* How a launch of one VM begins and ends: a plan becomes a process, a process that was found is
 * adopted, and what is known of the end is recorded. */
#pragma once

#include "machine/vm_object.h"

/* The preparation begins, and with it the deadline. False: the VM is not to be launched any more.
 */
bool vm_launch_begins(struct vm *vm);
/* Takes ownership of plan. NULL: the preparation failed with error. */
void vm_launch_prepared(struct vm *vm, struct vm_plan *plan, const struct error *error);
/* Adopts an unsupervised process of this instance. Takes ownership of plan. */
void vm_launch_adopt(struct vm *vm, struct vm_plan *plan);
