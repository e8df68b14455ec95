/* All VMs of a home under one supervisor, and those who wait for them. Finds instances in the store
 * when asked (there is no copy to go stale), starts their VMs, adopts what already runs, records
 * what happens. Knows no socket of clients or guests. */
#pragma once

#include "daemon/recorder.h"
#include "home/home.h"
#include "machine/vm.h"
#include "store/instance_table.h"

#include <uv.h>

struct fleet {
    uv_loop_t *loop;
    struct home *home; /* reading only, on the loop's thread */
    struct recorder *recorder;
    struct vm_listener listener;
    struct vm **vms;
    size_t count;
    struct waiter *waiters;
    void (*on_change)(void *context, struct vm *vm); /* NULL or told of every change */
    void *context;
};

/* Told once when the goal is reached (error->code == ERROR_NONE) or never will be; progress for
 * every phase and state on the way. Neither is called after fleet_forget(). */
struct waiter_calls {
    void (*on_progress)(void *context, struct vm *vm, const char *kind, const char *text);
    void (*on_done)(void *context, struct vm *vm, const struct error *error);
    void *context;
};

void fleet_init(struct fleet *fleet, uv_loop_t *loop, struct home *home, struct recorder *recorder);
/* Adopts every VM that runs and is not supervised yet. */
bool fleet_adopt(struct fleet *fleet, struct error *error);
/* Once, after the first adoption: records the end of launches that ended unsupervised. */
bool fleet_bury(struct fleet *fleet, struct error *error);
void fleet_close(struct fleet *fleet); /* leaves running VMs be */

struct vm *fleet_find(struct fleet *fleet, const char *name); /* NULL: never touched here */
/* Looks the instance up in the store first; NULL with a sentence when there is none. */
struct vm *fleet_get(struct fleet *fleet, const char *name, struct error *error);
struct vm *fleet_get_by_id(struct fleet *fleet, int64_t instance);

/* limit_ms 0: no limit. Settled at the next change, or at once if nothing need change. */
void fleet_wait(struct fleet *fleet, struct vm *vm, enum lifecycle_goal goal, uint64_t limit_ms,
                const struct waiter_calls *calls);
/* For the end of the first provisioning; any other result than "ok" is an error. */
void fleet_wait_provisioned(struct fleet *fleet, struct vm *vm, uint64_t limit_ms,
                            const struct waiter_calls *calls);
void fleet_forget(struct fleet *fleet, void *context);

/* A field that others keep has changed: looks after waiters and tells on_change. */
void fleet_note(struct fleet *fleet, struct vm *vm);

size_t fleet_running(const struct fleet *fleet); /* VMs with a process or on their way to one */
