/* What QMP says of one VM, translated into inputs of its lifecycle: replies, events, silence and
 * loss. Decides nothing itself. */
#pragma once

#include "machine/vm_object.h"
#include "qmp/session.h"

void vm_qmp_on_item(void *owner, const struct qmp_item *item); /* owner: struct vm */
