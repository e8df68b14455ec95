/* The guest agent of one VM: whether it answers, and which addresses it reports. A guest without an
 * agent does not open the port and is never asked. An agent that does not answer is no error. */
#pragma once

#include "machine/vm_object.h"

/* QEMU reports that the guest has opened or closed the port. at_ms: wall clock, at which it was so
 * at the latest. */
void vm_agent_port_changed(struct vm *vm, bool open, int64_t at_ms);
/* Asks the agent, unless the port is closed or the answer is known. */
void vm_agent_query(struct vm *vm);
/* Sets the guest's clock to that of the computer, by the agent; says so if there is none. */
void vm_agent_set_time(struct vm *vm);
/* Thaws the guest's file systems; listener->thawed follows. Does nothing while no agent is there.
 */
void vm_agent_thaw(struct vm *vm);
/* Whether the guest, which has an agent, was not told this revision of the names of others yet. */
bool vm_agent_wants_names(const struct vm *vm, int64_t revision);
/* Has the guest run the script that tells them. Given up after some failures. */
void vm_agent_tell_names(struct vm *vm, int64_t revision, const char *script);
/* The same of one that is ready and without an agent that has answered for some seconds, which is
 * told in another way: that begins, and ends, well or not. */
bool vm_agent_wants_names_otherwise(const struct vm *vm, int64_t revision);
void vm_agent_names_begin(struct vm *vm, int64_t revision);
void vm_agent_names_end(struct vm *vm, bool good);
/* The guest has ended or was replaced. */
void vm_agent_forget(struct vm *vm);
