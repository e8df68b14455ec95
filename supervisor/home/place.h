/* Where the home was when it was last opened, which its database keeps: so a copy of a home is told
 * from the home, whose guests it would have a second time. */
#pragma once

#include "base/error.h"
#include "store/store.h"

bool place_record(struct store *store, const char *path, struct error *error);
/* Records the place where it is another one than before, which may be NULL. The sentence that its
 * user is to be told, once, when the home at the former place is still there; else NULL. Caller
 * frees. file: the database's. */
char *place_check(struct store *store, const char *before, const char *path, const char *file);
