/* What is to be done so that a home is as a lab file says: found without changing anything, by a
 * rehearsal in the store that is rolled back, so that whatever is wrong with the file is found
 * before the first step. Of a step that was killed half done, the next plan finds what is left. */
#pragma once

#include "home/lab/lab_plan.h"

enum lab_prune { LAB_KEEP, LAB_PRUNE_OTHERS };

/* Begins and ends a transaction of its own. After an error there is no plan. */
bool lab_plan_make(struct home *home, const struct lab *lab, enum lab_prune prune,
                   struct lab_plan *plan, struct error *error);
