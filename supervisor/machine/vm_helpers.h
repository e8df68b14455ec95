/* Watches the network helpers of a VM: records an event when a helper ends before its VM, and ends
 * the helpers with the VM. */
#pragma once

#include "machine/vm_object.h"

void vm_helpers_watch(struct vm *vm); /* the helpers in its plan */
void vm_helpers_end(struct vm *vm);   /* the VM has ended or was not launched */
void vm_helpers_close(struct vm *vm); /* the helpers keep running */
