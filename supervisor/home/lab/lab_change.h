/* Makes an instance that exists as a lab file says. With an edit that rehearses, in the transaction
 * of the caller, only rows are changed, so that what does not fit is found before the first step.
 */
#pragma once

#include "home/change/home_edit.h"
#include "home/lab/lab_compare.h"

/* Each change in it is whole or undone; the next comparison finds what is left. */
bool lab_change_apply(struct home_edit *edit, const struct lab_options *options,
                      const struct lab_difference *difference, struct error *error);
/* What is given to a new instance once it is there: its disks, and when it is copied. */
bool lab_change_complete(struct home_edit *edit, const struct lab_options *options,
                         struct error *error);
