/* Port forwards of an existing instance. A running VM is not changed. */
#pragma once

#include "home/change/home_edit.h"

/* Both change all or nothing. texts: NULL-terminated. */
bool forward_change_add(struct home_edit *edit, char *const *texts, struct error *error);
bool forward_change_remove(struct home_edit *edit, char *const *texts, struct error *error);
