/* An instance that does not run, locked while a command changes what must not change while it runs.
 */
#pragma once

#include "cli/invocation.h"
#include "store/instance_table.h"

/* Reads the instance, locks its folder against starts, and fails if it runs or is suspended. The
 * caller closes lock with file_release() in any case. */
bool stopped_instance_lock(const struct invocation *invocation, const char *name,
                           struct store_instance *instance, int *lock, struct error *error);
bool stopped_instance_lock_suspended(const struct invocation *invocation, const char *name,
                                     struct store_instance *instance, int *lock,
                                     struct error *error); /* … or may be suspended */
/* The same for who reads or copies its disks: what an interrupted command left of its snapshots is
 * completed or undone before, for which no snapshot_lock() may be held. */
bool stopped_instance_lock_whole(const struct invocation *invocation, const char *name,
                                 struct store_instance *instance, int *lock, struct error *error);
/* After a restore: the files that follow from the rows, and the known hosts of all. */
bool stopped_instance_regenerate(const struct invocation *invocation, const char *name,
                                 struct error *error);
/* The same when nothing is left to be restored: vm.sh may start it again (home/unfinished.h). */
bool stopped_instance_finish(const struct invocation *invocation, const char *name,
                             struct error *error);
