/* The agent in the guest of one VM, if it has one: whether it answers, and what it tells. A guest
 * without an agent does not open its port, and is never asked; one that does not answer is no
 * error. */
#pragma once

#include "machine/vm_object.h"

/* What QEMU says of the port: the guest has opened or closed it. */
void vm_agent_port_changed(struct vm *vm, bool open);
/* Asks, unless nobody is there or nothing new is to be learned. */
void vm_agent_query(struct vm *vm);
/* The guest is gone, or another one. */
void vm_agent_forget(struct vm *vm);
