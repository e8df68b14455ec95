/* What cloud-init reports of a boot comes to: the VM's picture, a line to those who wait for it,
 * and for stages and failed modules an event. The many other reports are not recorded. */
#pragma once

#include "cloudinit/report.h"
#include "daemon/fleet.h"

/* Of a VM that does not run (any more), nothing is kept. */
void reports_take(struct fleet *fleet, const struct store_instance *instance,
                  const struct report *report);

/* What an earlier supervisor recorded of the boot of a VM that was adopted. */
void reports_recall(struct fleet *fleet, struct vm *vm);
