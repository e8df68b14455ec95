/* Turns cloud-init's reports into the boot state of a VM, progress lines for those who wait for it,
 * and events for stages and failed modules. The many other reports are not recorded. The
 * caller finds the VM. */
#pragma once

#include "cloudinit/report.h"
#include "daemon/journal.h"
#include "daemon/waiters.h"

/* Ignored for a VM without a process. */
void reports_take(struct journal *journal, struct waiters *waiters, struct vm *vm,
                  const struct report *report);

/* What an earlier supervisor recorded of the boot of a VM that was adopted. */
void reports_recall(struct store *store, struct vm *vm);
