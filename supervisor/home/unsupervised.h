/* What happened, or does not happen, because no supervisor runs: VMs that ended unseen and would
 * have been started again, first boots that wait for a seed server. */
#pragma once

#include "home/home.h"

/* Lines for the home's user, each told once; NULL: nothing is new, or a supervisor runs. Caller
 * frees. */
char *unsupervised_tell(const struct home *home);
