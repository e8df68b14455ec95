/* Makes an instance that exists as a lab file says. With an edit that rehearses, in the transaction
 * of the caller, only rows are changed, so that what does not fit is found before the first step.
 */
#pragma once

#include "home/change/home_edit.h"
#include "home/lab/lab_compare.h"

/* Each change in it is whole or undone; the next comparison finds what is left. */
bool lab_change_apply(struct home_edit *edit, const struct lab_options *options,
                      const struct lab_difference *difference, struct error *error);
/* "NAME=SIZE", NULL-terminated; NULL: none. */
bool lab_change_add_disks(struct home_edit *edit, char *const *disks, struct error *error);
