/* Another name for an instance. Its identity stays, so that its guest remains the same machine, and
 * goes on calling itself as before.
 *
 * Crash-safe: the name counts once it is in the store; the folder then follows, now or before the
 * next work on the instance, which finds it by the mark .renamed-ID. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

/* The caller holds the lock on the folder and has made sure that no VM of it runs. notice: what the
 * user is to be told; NULL: nothing; caller frees. */
bool instance_rename(struct home *home, const struct store_instance *instance, const char *name,
                     char **notice, struct error *error);
