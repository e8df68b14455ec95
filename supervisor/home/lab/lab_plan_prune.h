/* The steps for what a lab file does not name: instances, and networks without members. */
#pragma once

#include "home/lab/lab_plan.h"

bool lab_plan_prune(struct home *home, const struct lab *lab, struct lab_plan *plan,
                    struct error *error);
