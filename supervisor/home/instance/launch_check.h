/* What must be there for an instance to be started: its disks, the networks of its cards, and ports
 * of this host that nobody else has. What is missing is said in one sentence. */
#pragma once

#include "base/error.h"
#include "home/facts.h"
#include "home/home.h"

bool launch_check(const struct home *home, const struct instance_facts *facts, struct error *error);
