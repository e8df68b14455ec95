/* The guest agent of one VM: whether it answers, and which addresses it reports. A guest without an
 * agent does not open the port and is never asked. An agent that does not answer is no error. */
#pragma once

#include "machine/vm_object.h"

/* QEMU reports that the guest has opened or closed the port. */
void vm_agent_port_changed(struct vm *vm, bool open);
/* Asks the agent, unless the port is closed or the answer is known. */
void vm_agent_query(struct vm *vm);
/* Sets the guest's clock to that of the computer, by the agent; says so if there is none. */
void vm_agent_set_time(struct vm *vm);
/* The guest has ended or was replaced. */
void vm_agent_forget(struct vm *vm);
