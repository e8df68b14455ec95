/* What the files of machine/ that translate events call on a VM. Not for other rooms. */
#pragma once

#include "machine/vm_object.h"

void vm_input(struct vm *vm, enum lifecycle_input input);
/* A command without arguments; its reply comes as an item. */
void vm_command(struct vm *vm, const char *name);
void vm_set_deadline(struct vm *vm, uint64_t limit_ms); /* in place of the state's own */
void vm_drop_handle(struct vm *vm); /* one of open_handles; the last one frees */
