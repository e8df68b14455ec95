/* What QMP says of one VM, translated into inputs of its lifecycle: replies, events, silence and
 * loss. Decides nothing itself. */
#pragma once

#include "machine/vm.h"
#include "qmp/session.h"

void vm_qmp_on_item(void *owner, const struct qmp_item *item); /* owner: struct vm */

/* vm.c's, for the files that translate what happens to a VM. */
void vm_input(struct vm *vm, enum lifecycle_input input);
void vm_command(struct vm *vm,
                const char *name); /* without arguments; its reply comes as an item */
void vm_set_reason(struct vm *vm, const char *text);
void vm_tell(struct vm *vm, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void vm_hurry(struct vm *vm, uint64_t limit_ms); /* the state's deadline comes by then */
