/* From an instance's name to a launch plan, on a worker thread: programs, disks and documents are
 * looked at and written there, with a store connection of its own. Ends in vm_launch_prepared(). */
#pragma once

#include "home/home.h"
#include "machine/vm.h"

#include <uv.h>

void launch_worker_prepare(uv_loop_t *loop, const char *home_path, struct vm *vm);

/* The plan for a process that already runs; blocking, no files are written. False: the instance is
 * gone from the store. */
struct home;
struct running;
bool launch_worker_plan_found(struct home *home, const struct running *running,
                              struct vm_plan *plan, struct error *error);
