/* The helpers of a VM's network cards while the supervisor knows of them: whether one ends before
 * its VM, of which the VM's events tell, and that they end with it. */
#pragma once

#include "machine/vm_object.h"

void vm_helpers_watch(struct vm *vm); /* those of its plan */
void vm_helpers_end(struct vm *vm);   /* the VM has ended, or will not be */
void vm_helpers_close(struct vm *vm); /* leaves them be */
