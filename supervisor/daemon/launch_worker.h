/* Makes a launch plan from an instance's name on a worker thread, where programs, disks and
 * documents are checked and written, with a store connection of its own, which a next launch takes
 * over. Ends in vm_launch_prepared(). */
#pragma once

#include "daemon/launch_queue.h"
#include "home/home.h"
#include "home/running.h"
#include "machine/vm.h"

struct launch_worker {
    struct launch_queue queue;
    struct home *spares[LAUNCH_QUEUE_THREADS]; /* open; one at most when no launch waits */
    unsigned spare_count;
    struct running_names names; /* of those that launches are prepared for together */
    bool launched;              /* since the last call of the rest */
    bool rested;                /* since the last launch */
    bool closed;
};

/* run: the folder of the home's sockets; borrowed until the last launch has ended. */
void launch_worker_init(struct launch_worker *worker, uv_loop_t *loop, const char *run);

/* link: what starts QEMU and its helpers; NULL: they are children. */
void launch_worker_prepare(struct launch_worker *worker, const char *home_path,
                           struct launch_link *link, struct vm *vm);

/* Now and then: closes what no launch needed since the last call. True once after the launches, and
 * once after the beginning: memory can be given back. */
bool launch_worker_rest(struct launch_worker *worker);
/* No launch begins any more; those under way end by themselves. */
void launch_worker_close(struct launch_worker *worker);

/* Of a VM that was stopped while it waited for its turn: it does not wait any longer. */
void launch_worker_release(struct launch_worker *worker, const struct vm *vm);

struct store_instance;
/* The plan for a process of this instance that already runs. Blocking; writes no files. Ends a
 * transaction in which the caller reads when the store does not know of this launch yet. */
bool launch_worker_plan_found(struct home *home, const struct running *running,
                              const struct store_instance *instance, struct vm_plan *plan,
                              struct error *error);
