/* The plan of a lab file that has a cloud, where there is no home yet: made in a home of its own in
 * /tmp, which is gone afterwards. What is wrong with the file is found before anything is made. */
#pragma once

#include "home/lab/lab_plan_make.h"

/* Blocking; creates a key if the file names none. Caller releases the plan. */
bool lab_rehearse(const struct lab *lab, enum lab_prune prune, struct lab_plan *plan,
                  struct error *error);
