/* The last steps before a VM runs: what was interrupted in its folder is ended, the forwarded port
 * is free, the overlay present, and all that instance_plan_write() writes is current. */
#pragma once

#include "base/error.h"
#include "home/facts.h"
#include "home/home.h"
#include "home/instance/plan.h"

/* Holds the lock on the instance's folder for as long as it works. The facts are as they were under
 * the lock; the caller releases them and the plan, also after a failure. */
bool instance_prepare(struct home *home, const char *name, struct instance_facts *facts,
                      struct instance_plan *plan, struct error *error);
