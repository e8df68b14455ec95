/* What the snapshots of an instance forbid, told with the way out: ERROR_WRONG_STATE. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

/* Its disk is to be replaced, and all snapshots are in it. */
bool snapshot_hold_check_none(struct home *home, const struct store_instance *instance,
                              struct error *error);
bool snapshot_hold_check_disk(struct home *home, const struct store_instance *instance,
                              const char *disk, struct error *error);
