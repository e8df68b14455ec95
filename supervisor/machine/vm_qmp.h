/* What QMP says of one VM, translated into inputs of its lifecycle: replies, events, silence and
 * loss. Decides nothing itself. */
#pragma once

#include "machine/vm_object.h"
#include "qmp/session.h"

/* To be called each VM_HEARTBEAT_MS, or less often: asks a QEMU that has been silent whether it
 * lives. False: nothing was asked; one that has just talked is, when it has been silent for so
 * long. */
bool vm_heartbeat(struct vm *vm);
void vm_qmp_on_item(void *owner, const struct qmp_item *item); /* owner: struct vm */
