/* The order of the instances of a lab by their "after". */
#pragma once

#include "home/lab/lab.h"

/* Each instance behind the one that it names, if that is here; others stay as they were. Fails at
 * the place of a circle. */
bool lab_order_sort(struct lab *lab, struct error *error);
