/* The steps for the instances of a lab file. Each is carried out in the rows of the store too, so
 * that what does not fit is found; inside a transaction that is rolled back. */
#pragma once

#include "home/lab/lab_plan.h"

/* What one that exists gives up for others of the file. */
bool lab_plan_release(struct home *home, const struct lab *lab, size_t index, struct lab_plan *plan,
                      struct error *error);
/* It is created, or changed where it differs. After all that is given up. */
bool lab_plan_instance(struct home *home, const struct lab *lab, size_t index,
                       struct lab_plan *plan, struct error *error);
